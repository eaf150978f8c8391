// The names that a script's source mentions: attributes.get("Level") names Level. Read from Lua's
// tokens, so never from a comment or a string; a name computed at run time, or reached through an
// alias of the API table, isn't seen. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fieldline::lua {

struct LiteralCall {
  std::string api;   // "attributes.get", "external.send", "shared"
  std::string name;  // "Level", "erp"; for shared.hydraulics "hydraulics"
  int line = 0;      // from 1

  friend bool operator==(const LiteralCall&, const LiteralCall&) = default;
};

// In the order of the source. Of a source that doesn't compile, those before the first bad token.
std::vector<LiteralCall> literal_calls(std::string_view source);

}  // namespace fieldline::lua

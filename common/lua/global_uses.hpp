// The globals of a source: the names that it reads and assigns and that no local, parameter or loop
// variable in scope stands for. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fieldline::lua {

struct GlobalUse {
  std::string name;
  int line = 0;  // from 1
  bool assigned = false;

  friend bool operator==(const GlobalUse&, const GlobalUse&) = default;
};

// An assignment stands behind what it assigns. Globals that are reached through _G or an _ENV of the script's
// own are not among them; a mention of the names _G and _ENV is. Empty for what does not compile.
std::optional<std::vector<GlobalUse>> global_uses(std::string_view source);

}  // namespace fieldline::lua

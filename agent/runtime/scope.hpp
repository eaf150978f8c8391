// The scope of a script: the slot that it came with. "Pump1.Control" lives in "Pump1", and the names in
// it are those of that slot: they never leave it, as central checks them (docs/templates.md).
#pragma once

#include <string>
#include <string_view>

namespace fieldline::runtime {

// "Pump1" of "Pump1.Control"; empty at the root.
inline std::string_view scope_of(std::string_view member) {
  const auto dot = member.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : member.substr(0, dot);
}

// The member path of what a script in `scope` calls `name`.
inline std::string in_scope(std::string_view scope, std::string_view name) {
  std::string path(scope);
  if (!path.empty()) path += '.';
  return path += name;
}

}  // namespace fieldline::runtime

// The scope of a script: the slot that it came with. "Pump1.Control" lives in "Pump1", and the names
// in it are looked up there first, then from the root (docs/templates.md).
#pragma once

#include <string>
#include <string_view>

namespace fieldline::runtime {

// "Pump1" of "Pump1.Control"; empty at the root.
inline std::string_view scope_of(std::string_view member) {
  const auto dot = member.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : member.substr(0, dot);
}

// What find(path) gives for `name` in `scope`, or else at the root; `find` gives something that
// converts to bool.
template <class Find>
auto find_in_scope(std::string_view scope, std::string_view name, Find&& find) {
  if (!scope.empty()) {
    std::string path(scope);
    path += '.';
    path += name;
    if (auto found = find(std::string_view(path))) return found;
  }
  return find(name);
}

}  // namespace fieldline::runtime

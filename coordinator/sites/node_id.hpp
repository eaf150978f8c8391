// One node of one site. A plain value.
#pragma once

#include <compare>
#include <string>

namespace fieldline::sites {

struct NodeId {
  std::string site;
  std::string node;

  // "north/a"
  [[nodiscard]] std::string text() const { return site + '/' + node; }
  friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

}  // namespace fieldline::sites

#include "coordinator/templates/call_graph.hpp"

#include <algorithm>

#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {

void CallGraph::add(std::string_view caller, std::string_view callee, int line) {
  nodes_[caller].calls.push_back({callee, line});
}

std::vector<CallCycle> CallGraph::cycles() {
  std::vector<CallCycle> found;
  for (auto node = nodes_.begin(); node != nodes_.end(); ++node) {
    if (!node->second.done) follow(node, found);
  }
  return found;
}

// Depth first, without recursion: a chain of calls may be as long as a tree has scripts.
void CallGraph::follow(Nodes::iterator from, std::vector<CallCycle>& found) {
  Way way{from};
  from->second.place = 1;
  while (!way.empty()) {
    auto& node = way.back()->second;
    if (node.followed == node.calls.size() || found.size() == kMaxFindings) {
      node.done = true;
      node.place = 0;
      way.pop_back();
      continue;
    }
    const auto callee = nodes_.find(node.calls[node.followed++].callee);
    if (callee == nodes_.end() || callee->second.done) continue;
    if (callee->second.place > 0) {
      found.push_back(cycle_of(way, callee->second.place - 1));
    } else {
      way.push_back(callee);
      callee->second.place = way.size();
    }
  }
}

CallCycle CallGraph::cycle_of(const Way& way, std::size_t first) {
  Way around(way.begin() + static_cast<std::ptrdiff_t>(first), way.end());
  std::ranges::rotate(around,
                      std::ranges::min_element(around, {}, [](const auto& node) { return node->first; }));
  CallCycle cycle;
  for (const auto& node : around) cycle.scripts.push_back(node->first);
  const auto& smallest = around.front()->second;
  cycle.line = smallest.calls[smallest.followed - 1].line;
  return cycle;
}

}  // namespace fieldline::templates

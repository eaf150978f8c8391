// What is known of each defined node, and who is told when that changes. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/lease.hpp"
#include "common/model/session.hpp"
#include "common/model/status.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/node_state.hpp"

namespace fieldline::sites {

class NodeBook {
 public:
  using States = std::map<NodeId, NodeState>;

  explicit NodeBook(const Clock& clock) : clock_(clock) {}

  void define(const std::set<NodeId>& nodes);
  [[nodiscard]] const States& nodes() const { return nodes_; }
  [[nodiscard]] bool defines(const NodeId& node) const { return nodes_.contains(node); }
  [[nodiscard]] std::ranges::subrange<States::const_iterator> nodes_of(const std::string& site) const;

  void came(const NodeId& node, const Hello& hello);
  void went(const NodeId& node, std::string code, std::string message);
  // Within a session.
  void changed(const NodeId& node, const RoleChange& change);
  void reported(const NodeId& node, NodeHealth health);
  void warn(const NodeId& node, std::string code, std::string message);
  void knocked(const std::string& fingerprint, const std::string& address);

  void on_event(std::function<void(const NodeEvent&)> listener) { listeners_.push_back(std::move(listener)); }

 private:
  void tell(NodeEventKind kind, const NodeId& node, std::string code, std::string message);

  const Clock& clock_;
  States nodes_;
  std::vector<std::function<void(const NodeEvent&)>> listeners_;
};

}  // namespace fieldline::sites

// Which key is which node: the accepted keys, durable, and the router's admission in step with them.
// Refuses a second key for a node, and keys of nodes that no document defines. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/executor.hpp"
#include "common/net/admission.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/sites/answer.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/node_state.hpp"

namespace fieldline::sites {

class KeyRing {
 public:
  KeyRing(Executor& loop, net::Admission& admission, database::NodeKeys& rows)
      : loop_(loop), admission_(admission), rows_(rows) {}

  Result<> load();
  // The nodes that may have keys from now on; the keys of others are revoked.
  void define(const std::set<NodeId>& nodes);

  // Null: the key is accepted for no node.
  [[nodiscard]] const NodeId* owner(const std::string& key) const;
  // Empty: no key is accepted for it.
  [[nodiscard]] std::string fingerprint(const NodeId& node) const;
  [[nodiscard]] std::vector<PendingKey> pending() const;

  void accept(const std::string& fingerprint, const NodeId& node, const std::string& who, Answer<> done);
  void revoke(const NodeId& node, Answer<> done);
  // Called when the key of a node counts no more.
  void on_revoked(std::function<void(const NodeId&)> listener) { revoked_ = std::move(listener); }

 private:
  void admit(const std::string& key, const NodeId& node, const std::string& who, Answer<> done);

  Executor& loop_;
  net::Admission& admission_;
  database::NodeKeys& rows_;
  std::set<NodeId> defined_;
  std::map<NodeId, std::string> keys_;
  std::unordered_map<std::string, NodeId> owners_;
  std::function<void(const NodeId&)> revoked_;
};

}  // namespace fieldline::sites

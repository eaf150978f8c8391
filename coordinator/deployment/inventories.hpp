// Follows what nodes say they hold: the deployed snapshot follows the active node, the standby is made
// to follow the snapshot. Lives on the loop.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/ledger.hpp"
#include "coordinator/deployment/operations.hpp"
#include "coordinator/deployment/standbys.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::deployment {

class Inventories final : public sites::InventoryKeeper {
 public:
  struct Neighbours {
    Executor& loop;
    sites::Sites& sites;
    database::DeploymentRecords& records;
    Ledger& ledger;
    const Operations& operations;
    Standbys& standbys;
  };

  // `differs` is told of everything that runs as nobody ordered it.
  Inventories(Neighbours neighbours,
              std::function<void(const std::string& instance, const std::string& message)> differs)
      : with_(neighbours), differs_(std::move(differs)) {}

  [[nodiscard]] std::string believed_digest(const sites::NodeId& node) override;
  void matches(const sites::NodeId& node) override;
  void pulling(const sites::NodeId& node) override;
  void pulled(const sites::NodeId& node, Inventory inventory) override;

  // What the node holds of artifacts is known, or known anew.
  void artifacts_changed(const sites::NodeId& node);
  void session_changed(const sites::NodeEvent& event);
  // An operation ended that may or may not be in the inventories that are being read, or were.
  void touch(const std::string& site, const std::string& instance);

 private:
  [[nodiscard]] bool is_active(const sites::NodeId& node) const {
    return with_.sites.active(node.site) == node;
  }
  [[nodiscard]] bool may_align(const std::string& site) const;
  void aligned(const sites::NodeId& node);
  void role_changed(const sites::NodeId& node);
  void follow(const sites::NodeId& node, const Inventory& inventory, std::set<std::string> unsettled);
  void look_again(const sites::NodeId& node, const Inventory& inventory,
                  const std::set<std::string>& unsettled);

  Neighbours with_;
  std::function<void(const std::string&, const std::string&)> differs_;
  std::map<sites::NodeId, std::set<std::string>> touched_;  // while an inventory is read
  std::set<std::string> postponed_;             // instances that differ, and whose operation goes on
  std::map<std::string, sites::NodeId> shown_;  // by site: the active node that has shown all
};

}  // namespace fieldline::deployment

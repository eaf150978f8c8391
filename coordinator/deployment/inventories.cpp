#include "coordinator/deployment/inventories.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/wire/config.hpp"
#include "coordinator/deployment/drift.hpp"
#include "coordinator/deployment/reconciliation.hpp"

namespace fieldline::deployment {

std::string Inventories::believed_digest(const sites::NodeId& node) {
  return wire::digest(with_.ledger.inventory(node.site));
}

void Inventories::session_changed(const sites::NodeEvent& event) {
  const sites::NodeId node{event.site, event.node};
  if (event.kind == sites::NodeEventKind::kRole) return role_changed(node);
  if (event.kind != sites::NodeEventKind::kOnline && event.kind != sites::NodeEventKind::kOffline) return;
  touched_.erase(node);
  if (const auto shown = shown_.find(node.site); shown != shown_.end() && shown->second == node) {
    shown_.erase(shown);
    if (may_align(node.site)) with_.standbys.align(node.site);
  }
  if (event.kind == sites::NodeEventKind::kOnline && with_.sites.standby(node.site) == node) {
    with_.standbys.online(node);
  } else {
    with_.standbys.offline(node);
  }
}

// The node itself is asked for its inventory by who tells of the change.
void Inventories::role_changed(const sites::NodeId& node) {
  if (const auto shown = shown_.find(node.site); shown != shown_.end() && !is_active(shown->second))
    shown_.erase(shown);
  const auto standby = with_.sites.standby(node.site);
  if (standby != node) with_.standbys.offline(node);
  if (!standby || with_.standbys.is_standby(*standby)) return;
  with_.standbys.online(*standby);
  with_.sites.compare(*standby);
}

void Inventories::artifacts_changed(const sites::NodeId& node) {
  if (with_.sites.standby(node.site) != node) return;
  with_.standbys.artifacts_changed(node.site);
  if (may_align(node.site)) with_.standbys.align(node.site);
}

void Inventories::touch(const std::string& site, const std::string& instance) {
  for (auto& [node, instances] : touched_) {
    if (node.site == site) instances.insert(instance);
  }
  if (postponed_.erase(instance) == 0) return;
  if (const auto active = with_.sites.active(site)) with_.sites.compare(*active);
}

void Inventories::matches(const sites::NodeId& node) {
  if (is_active(node)) return aligned(node);
  with_.standbys.holds(node, with_.ledger.inventory(node.site));
  if (may_align(node.site)) with_.standbys.align(node.site);
}

void Inventories::pulling(const sites::NodeId& node) {
  touched_[node].clear();
}

void Inventories::pulled(const sites::NodeId& node, Inventory inventory) {
  auto unsettled = std::move(touched_[node]);
  touched_.erase(node);
  if (is_active(node)) {
    follow(node, inventory, std::move(unsettled));
    return aligned(node);
  }
  with_.standbys.holds(node, inventory);
  if (may_align(node.site)) with_.standbys.align(node.site);
}

// While no node is active the snapshot is the best that is known, and the standby may take over any moment.
// Where nothing is deployed the standby may hold all that is left, and nothing is taken from it.
bool Inventories::may_align(const std::string& site) const {
  if (shown_.contains(site)) return true;
  return !with_.sites.active(site) && !with_.ledger.of_site(site).empty();
}

void Inventories::aligned(const sites::NodeId& node) {
  shown_.insert_or_assign(node.site, node);
  with_.standbys.align(node.site);
}

void Inventories::follow(const sites::NodeId& node, const Inventory& inventory,
                         std::set<std::string> unsettled) {
  for (const auto& item : inventory) {
    if (with_.operations.in_flight(item.instance)) unsettled.insert(item.instance);
  }
  for (const auto& [instance, deployed] : with_.ledger.of_site(node.site)) {
    if (with_.operations.in_flight(instance)) unsettled.insert(instance);
  }
  look_again(node, inventory, unsettled);
  const auto now = with_.loop.clock().utc();
  const auto found = reconcile(node.site, with_.ledger, inventory, unsettled, now);
  if (found.differences.empty()) return;
  for (const auto& deployed : found.follows) with_.ledger.set_deployed(deployed);
  for (const auto& instance : found.gone) with_.ledger.erase_deployed(instance);
  database::DeploymentChange change;
  change.deployed = found.follows;
  change.undeployed = found.gone;
  for (const auto& [instance, message] : found.differences)
    change.events.push_back(drift_event(node, instance, message, now));
  with_.records.save(
      std::move(change),
      [node](const Result<>& saved) {
        if (!saved)
          spdlog::error("what {} runs can't be recorded: {}", node.text(), saved.error().describe());
      },
      with_.loop);
  for (const auto& difference : found.differences) {
    spdlog::warn("{}", difference.message);
    differs_(difference.instance, difference.message);
  }
}

// What does not count now may be true all the same: a node that restarted says it only once.
void Inventories::look_again(const sites::NodeId& node, const Inventory& inventory,
                             const std::set<std::string>& unsettled) {
  if (unsettled.empty()) return;
  bool over = false;
  const auto all = reconcile(node.site, with_.ledger, inventory, {}, with_.loop.clock().utc());
  for (const auto& [instance, message] : all.differences) {
    if (!unsettled.contains(instance)) continue;
    if (with_.operations.in_flight(instance)) {
      postponed_.insert(instance);
    } else {
      over = true;
    }
  }
  if (over) with_.sites.compare(node);
}

}  // namespace fieldline::deployment

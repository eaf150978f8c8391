#include "coordinator/deployment/ledger.hpp"

#include <algorithm>

#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {

const Deployment* Ledger::status(const std::string& instance) const {
  const auto found = statuses_.find(instance);
  return found == statuses_.end() ? nullptr : &found->second;
}

const Deployment* Ledger::status_by_id(const std::string& deployment) const {
  if (const auto found = instances_.find(deployment); found != instances_.end()) return status(found->second);
  const auto found = std::find_if(retired_.begin(), retired_.end(),
                                  [&](const Deployment& status) { return status.id == deployment; });
  return found == retired_.end() ? nullptr : &*found;
}

const Deployed* Ledger::deployed(const std::string& instance) const {
  const auto site = sites_.find(instance);
  return site == sites_.end() ? nullptr : &deployed_.at(site->second).at(instance);
}

const Ledger::SiteDeployed& Ledger::of_site(const std::string& site) const {
  static const SiteDeployed kNothing;
  const auto found = deployed_.find(site);
  return found == deployed_.end() ? kNothing : found->second;
}

std::size_t Ledger::failed_at(const std::string& site) const {
  const auto found = failed_.find(site);
  return found == failed_.end() ? 0 : found->second;
}

Inventory Ledger::inventory(const std::string& site) const {
  Inventory inventory;
  const auto& deployed = of_site(site);
  inventory.reserve(deployed.size());
  for (const auto& [instance, item] : deployed) inventory.push_back({item.enabled, instance, item.revision});
  return inventory;
}

void Ledger::set_status(const Deployment& status) {
  forget_status(status.instance);
  instances_.emplace(status.id, status.instance);
  statuses_.emplace(status.instance, status);
  if (status.state == DeploymentState::kFailed) ++failed_[status.site];
}

void Ledger::forget_status(const std::string& instance) {
  const auto known = statuses_.extract(instance);
  if (known.empty()) return;
  const auto& status = known.mapped();
  instances_.erase(status.id);
  if (status.state == DeploymentState::kFailed && --failed_.at(status.site) == 0) failed_.erase(status.site);
}

void Ledger::retire(const Deployment& status) {
  forget_status(status.instance);
  retired_.push_back(status);
  if (retired_.size() > kKeptRemovals) retired_.pop_front();
}

void Ledger::set_deployed(const Deployed& deployed) {
  erase_deployed(deployed.instance);
  deployed_[deployed.site].emplace(deployed.instance, deployed);
  sites_.emplace(deployed.instance, deployed.site);
}

void Ledger::erase_deployed(const std::string& instance) {
  const auto site = sites_.extract(instance);
  if (!site.empty()) deployed_.at(site.mapped()).erase(instance);
}

}  // namespace fieldline::deployment

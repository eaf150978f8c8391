// What central believes: the latest status of each instance and what its site has deployed. A plain
// collection; the database has the same, except for removals that ended of late.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/model/session.hpp"
#include "coordinator/deployment/deployment.hpp"

namespace fieldline::deployment {

class Ledger {
 public:
  using SiteDeployed = std::map<std::string, Deployed>;  // by instance

  // Null: there is none. Pointers hold until the next change.
  [[nodiscard]] const Deployment* status(const std::string& instance) const;
  [[nodiscard]] const Deployment* status_by_id(const std::string& deployment) const;
  [[nodiscard]] const Deployed* deployed(const std::string& instance) const;
  [[nodiscard]] const SiteDeployed& of_site(const std::string& site) const;
  // Instances whose latest operation failed there.
  [[nodiscard]] std::size_t failed_at(const std::string& site) const;
  [[nodiscard]] Inventory inventory(const std::string& site) const;

  void set_status(const Deployment& status);
  // The instance is gone; its last status can be found by id for a while.
  void retire(const Deployment& status);
  void set_deployed(const Deployed& deployed);
  void erase_deployed(const std::string& instance);

 private:
  void forget_status(const std::string& instance);

  std::unordered_map<std::string, Deployment> statuses_;
  std::unordered_map<std::string, std::string> instances_;  // by deployment
  std::unordered_map<std::string, std::size_t> failed_;     // by site
  std::deque<Deployment> retired_;
  std::map<std::string, SiteDeployed> deployed_;
  std::unordered_map<std::string, std::string> sites_;  // by instance deployed
};

}  // namespace fieldline::deployment

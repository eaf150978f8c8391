// Rows of deployments: the latest status of each instance, what is deployed, and the configurations
// that were sent of late. Any thread; answers go to the executor named.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/sql/database.hpp"
#include "coordinator/database/central_events.hpp"
#include "coordinator/database/deployment.hpp"

namespace fieldline::database {

// Configurations of one instance that are kept beside the deployed one: the one under way, and the
// one before, which a standby that missed a deployment may still come to run.
inline constexpr int kKeptConfigs = 2;

// Rows that are true together or not at all.
struct DeploymentChange {
  std::optional<SentConfig> sent;
  std::vector<Deployed> deployed;
  std::vector<std::string> undeployed;  // instances that the site no longer has
  std::optional<Deployment> status;
  std::vector<CentralEvent> events;
  std::optional<std::string> forgotten;  // an instance whose status goes
};

struct ConfigKey {
  std::string instance;
  Revision revision;
};
using StoredConfigs = std::vector<std::optional<SentConfig>>;

class DeploymentRecords {
 public:
  explicit DeploymentRecords(sql::Database& database) : database_(database) {}

  // These three wait for the database: for starting up.
  Result<std::vector<Deployment>> statuses();
  Result<std::vector<Deployed>> deployed();
  // Every operation that was open becomes failed with `reason`.
  Result<> fail_open(const std::string& reason, const std::string& message, Timestamp now);

  // `done` is told once the change is on the disk, in order of calls.
  void save(DeploymentChange change, std::function<void(Result<>)> done, Executor& reply_to);
  // Nothing when the configuration of that revision is not, or no longer, known.
  void config(const std::string& instance, const Revision& revision,
              std::function<void(Result<std::optional<SentConfig>>)> done, Executor& reply_to);
  // The same for several, in the order asked for; who asks bounds how many.
  void configs(std::vector<ConfigKey> wanted, std::function<void(Result<StoredConfigs>)> done,
               Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database

// The latest delivery of artifacts to each site: its record. Any thread; answers go to the executor
// named.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/order.hpp"
#include "common/sql/database.hpp"
#include "coordinator/database/deployment.hpp"

namespace fieldline::database {

inline constexpr std::string_view kArtifactDeploymentsSchema = R"sql(
CREATE TABLE artifact_deployments (
  site       TEXT PRIMARY KEY,
  deployment TEXT NOT NULL,
  state      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  message    TEXT NOT NULL,
  findings   TEXT NOT NULL,
  who        TEXT NOT NULL,
  started    INTEGER NOT NULL,
  finished   INTEGER
) STRICT, WITHOUT ROWID;
)sql";

// How far the artifacts came to one site.
struct ArtifactDeployment {
  std::string deployment;                 // the request that it was part of; a retry stays part of it
  std::vector<ReportedFinding> findings;  // of the node that refused
  std::optional<Timestamp> finished;
  std::string message;  // of a failure, for people
  std::string reason;   // of a failure: "site-unreachable", "no-answer" … or the node's own code
  std::string site;
  Timestamp started{};
  DeploymentState state = DeploymentState::kPending;
  std::string who;

  [[nodiscard]] bool open() const {
    return state == DeploymentState::kPending || state == DeploymentState::kInProgress;
  }

  static constexpr auto fields = fields_in_order(
      required("deployment", &ArtifactDeployment::deployment),
      defaulted("findings", &ArtifactDeployment::findings),
      defaulted("finished", &ArtifactDeployment::finished),
      defaulted("message", &ArtifactDeployment::message), defaulted("reason", &ArtifactDeployment::reason),
      required("site", &ArtifactDeployment::site), required("started", &ArtifactDeployment::started),
      required("state", &ArtifactDeployment::state), required("who", &ArtifactDeployment::who));
  friend bool operator==(const ArtifactDeployment&, const ArtifactDeployment&) = default;
};

class ArtifactDeployments {
 public:
  explicit ArtifactDeployments(sql::Database& database) : database_(database) {}

  // These two wait for the database: for starting up. Every open one becomes failed with `reason`.
  Result<> fail_open(const std::string& reason, const std::string& message, Timestamp now);
  // By site.
  Result<std::vector<ArtifactDeployment>> all();
  // All or none; `done` is told once they are on the disk, in order of calls.
  void save(std::vector<ArtifactDeployment> rows, std::function<void(Result<>)> done, Executor& reply_to);

  void forget(std::vector<std::string> sites, std::function<void(Result<>)> done, Executor& reply_to);

 private:
  sql::Database& database_;
};

}  // namespace fieldline::database

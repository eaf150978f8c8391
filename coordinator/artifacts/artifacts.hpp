// Artifacts on their way from the documents to the sites: only on request, each site on its own, one
// delivery to a site at a time. A site's active node decides; its standby gets what the active has.
// Nothing is rolled back, nothing retried by itself. Lives on the coordinator's loop and is destroyed
// only when that no longer runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/database/artifact_deployment.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::artifacts {

using database::ArtifactDeployment;
using database::DeploymentState;
using database::StandbyState;
using sites::Answer;

// What a site holds of one artifact, against the present documents.
enum class Cell {
  kCurrent,
  kOlder,
  kAbsent,
  kFailed,    // older or absent, and the site's latest delivery failed
  kObsolete,  // it holds what is no document any more
  kUnknown,   // its active node has not been seen since the coordinator started
};

// Does a site hold what the documents say, in one word?
enum class SiteStanding {
  kCurrent,  // its active node does, and the standby where it is connected
  kBehind,
  kFailed,   // it does not, and its latest delivery failed, or its standby refuses what the active node has
  kUnknown,  // its active node has not been seen since the coordinator started
};

}  // namespace fieldline::artifacts

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::artifacts::Cell> =
    std::to_array<std::string_view>({"current", "older", "absent", "failed", "obsolete", "unknown"});
template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::artifacts::SiteStanding> =
    std::to_array<std::string_view>({"current", "behind", "failed", "unknown"});

namespace fieldline::artifacts {

// Does this node hold what the documents say?
struct NodeStanding {
  std::string message;  // why it was refused, or can't be brought
  std::string node;
  StandbyState state = StandbyState::kAbsent;  // absent: not connected

  static constexpr auto fields =
      fields_in_order(defaulted("message", &NodeStanding::message), required("node", &NodeStanding::node),
                      required("state", &NodeStanding::state));
  friend bool operator==(const NodeStanding&, const NodeStanding&) = default;
};

// One row of the matrix.
struct SiteRecord {
  std::map<std::string, Cell> artifacts;
  std::optional<ArtifactDeployment> deployment;  // the latest; absent: there was none
  std::vector<NodeStanding> nodes;
  std::string site;

  static constexpr auto fields = fields_in_order(
      required("artifacts", &SiteRecord::artifacts), defaulted("deployment", &SiteRecord::deployment),
      required("nodes", &SiteRecord::nodes), required("site", &SiteRecord::site));
  friend bool operator==(const SiteRecord&, const SiteRecord&) = default;
};

struct SiteOutline {
  std::string message;  // why, of one that failed
  SiteStanding state = SiteStanding::kUnknown;

  static constexpr auto fields =
      fields_in_order(defaulted("message", &SiteOutline::message), required("state", &SiteOutline::state));
  friend bool operator==(const SiteOutline&, const SiteOutline&) = default;
};

struct Begun {
  std::string deployment;
  std::vector<std::string> sites;
};

// What is not at a site as an instance needs it.
struct Skew {
  std::string artifact;
  Cell cell = Cell::kAbsent;  // kAbsent or kOlder
};

class Artifacts {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;  // packs
    catalog::Catalog& catalog;
    sites::Sites& sites;
    database::ArtifactDeployments& records;
    const SecretBox& box;
  };

  // `term` has been raised for this run.
  Artifacts(Neighbours neighbours, std::uint64_t term, Random random, Duration deadline);
  ~Artifacts();
  Artifacts(const Artifacts&) = delete;
  Artifacts& operator=(const Artifacts&) = delete;

  // Deliveries left open by the last run become failed (coordinator-failover). After Catalog::start,
  // before Sites::start; waits for the database.
  Result<> start();
  // For Sites::start.
  [[nodiscard]] sites::ArtifactKeeper& keeper();

  // All that the documents have, to these sites, which are defined and each named once. `done` once
  // that is durable. kConflict names the sites under way and who holds them; kValidationFailed: it is
  // more than a site holds; then nothing begins.
  void deploy(std::vector<std::string> sites, const std::string& who, Answer<Begun> done);
  // Once more to one site, as part of the deployment that failed there. kNotFound: there was none;
  // kConflict: it is under way, or did not fail; kValidationFailed as above.
  void retry(const std::string& site, const std::string& who, Answer<Begun> done);

  // What the present documents have: what each site should hold.
  [[nodiscard]] const ArtifactInventory& wanted() const;
  [[nodiscard]] SiteRecord record(const std::string& site) const;
  // Cheap: for all sites at once.
  [[nodiscard]] SiteOutline outline(const std::string& site) const;
  // By `names` as in a flat configuration. Nothing while the site's active node has not shown what it
  // holds.
  [[nodiscard]] std::vector<Skew> skew(const std::string& site, const std::vector<std::string>& names) const;

  // Listeners are called on the loop and live as long as this. A change comes without its matrix row.
  void on_change(std::function<void(const SiteRecord&)> listener);
  // A delivery to a site is over, and on the disk where it could be written. A change comes before it.
  void on_end(std::function<void(const ArtifactDeployment&)> listener);
  // What a connected node holds is known, or known anew.
  void on_node(std::function<void(const sites::NodeId&)> listener);

 private:
  class Desk;
  std::unique_ptr<Desk> desk_;
};

}  // namespace fieldline::artifacts

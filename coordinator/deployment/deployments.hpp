// Deployment Manager: one operation per instance at a time, each with an end; never retries, never
// changes an active node by itself. What an active node runs is the truth that the deployed snapshot
// follows; a standby is brought in line with it. Lives on the coordinator's loop and is destroyed only
// when that no longer runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/worker.hpp"
#include "coordinator/artifacts/artifacts.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/database/central_events.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/bulk.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/sites/sites.hpp"
#include "coordinator/templates/diff.hpp"

namespace fieldline::deployment {

struct DeploymentSettings {
  Duration deadline = std::chrono::seconds(60);  // from the sending of an order to its report
};

class Deployments {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;  // one thread: flattens, validates, compares
    catalog::Catalog& catalog;
    sites::Sites& sites;
    artifacts::Artifacts& artifacts;
    database::DeploymentRecords& records;
    database::CentralEvents& events;
  };

  // `term` has been raised for this run. Tells the catalog which instances are engaged.
  Deployments(Neighbours neighbours, std::uint64_t term, Random random, const DeploymentSettings& settings);
  ~Deployments();
  Deployments(const Deployments&) = delete;
  Deployments& operator=(const Deployments&) = delete;

  // Operations left open by the last run become failed (coordinator-failover). Before any other, and
  // before Sites::start; waits for the database.
  Result<> start();
  // For Sites::start.
  [[nodiscard]] sites::InventoryKeeper& inventory_keeper();

  // `done` gets the deployment once it is durably under way, or durably failed because the site can't
  // be reached. Errors change nothing: kNotFound; kConflict: another operation holds the instance, or
  // it is deployed at another site; kForbidden: not at its site; kValidationFailed with all findings;
  // kPreconditionFailed: the derived revision is not the reviewed one; kExhausted.
  void deploy(const std::string& instance, Request request, Answer<Deployment> done);
  // As deploy; kConflict also when nothing is deployed.
  void disable(const std::string& instance, Request request, Answer<Deployment> done);
  void enable(const std::string& instance, Request request, Answer<Deployment> done);
  // Takes the instance from its site and then removes its document. One that was never sent to its
  // site is removed at once.
  void remove(const std::string& instance, Request request, Answer<Deployment> done);

  // Deploys instances of one site, each by itself, a window of them at a time; each is derived when its
  // turn comes. `done` gets the bulk as it begins. kNotFound: an instance that is named is not at the
  // site; kExhausted.
  void deploy_all(const std::string& site, BulkRequest request, Answer<Bulk> done);
  // kNotFound: there is none, or none any more.
  [[nodiscard]] Result<BulkPage> bulk(const std::string& id, const BulkQuery& query) const;
  // Waits until the active nodes have answered for all, but at most `up_to`. kNotFound; kExhausted.
  void wait_for_bulk(const std::string& id, Duration up_to, Answer<Bulk> done);
  [[nodiscard]] std::size_t bulks_under_way() const;

  // Is it deployed, or about to be?
  [[nodiscard]] bool engaged(const std::string& instance) const;
  // The latest operation of the instance.
  [[nodiscard]] std::optional<Deployment> status(const std::string& instance) const;
  [[nodiscard]] std::optional<Deployed> deployed(const std::string& instance) const;
  // Waits until the operation is over and the standby has answered, but at most `up_to`; gets it as it
  // is then. kNotFound when it is not the latest of its instance; kExhausted: too many wait.
  void wait(const std::string& deployment, Duration up_to, Answer<Deployment> done);

  // kNotFound when nothing is deployed.
  void deployed_config(const std::string& instance, Answer<DeployedConfig> done);
  // kNotFound; kValidationFailed with all findings.
  void derived(const std::string& instance, Answer<templates::Derived> done);
  // From what is deployed to what is derived. Errors as derived(); kUnavailable when the bytes of the
  // deployed revision are not known.
  void diff(const std::string& instance, Answer<Comparison> done);
  // Of the artifacts that a configuration names, those that its site lacks (artifact-absent: a deploy
  // would be refused) or has in another revision than the documents (artifact-older).
  [[nodiscard]] std::vector<ReportedFinding> warnings(const std::string& site, const std::string& instance,
                                                      const std::vector<std::string>& artifacts) const;
  // The same for all instances of a site. Takes a while, in which others go on. kExhausted.
  void diff_site(const std::string& site, Answer<SiteDiff> done);
  // Of all instances in the present documents.
  void derived_revisions(Answer<std::shared_ptr<const DerivedRevisions>> done);
  // Is something else deployed than would be now? False when nothing is.
  [[nodiscard]] bool is_stale(const std::string& instance, const DerivedRevisions& derived) const;
  // Takes as long as the site has instances.
  [[nodiscard]] SiteTally tally(const std::string& site, const DerivedRevisions& derived) const;

  // What central has noticed at the site and nobody ordered: nodes that hold something else than is
  // deployed. kInvalid: the cursor.
  void events(const std::string& site, const EventQuery& query, Answer<EventPage> done) const;

  // Listeners are called on the loop and live as long as this.
  void on_change(std::function<void(const Change&)> listener);
  void on_bulk(std::function<void(const BulkProgress&)> listener);

 private:
  class Desk;
  std::unique_ptr<Desk> desk_;
};

}  // namespace fieldline::deployment

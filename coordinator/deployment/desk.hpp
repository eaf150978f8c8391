// The rooms' parts of a deployment put together: what runs, what is believed, who waits. Lives on the
// loop.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "coordinator/deployment/bulks.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/deployment/derivation.hpp"
#include "coordinator/deployment/drafts.hpp"
#include "coordinator/deployment/inventories.hpp"
#include "coordinator/deployment/ledger.hpp"
#include "coordinator/deployment/operations.hpp"
#include "coordinator/deployment/standbys.hpp"
#include "coordinator/deployment/waiters.hpp"

namespace fieldline::deployment {

class Deployments::Desk {
 public:
  Desk(const Deployments::Neighbours& neighbours, std::uint64_t term, Random random,
       const DeploymentSettings& settings)
      : loop(neighbours.loop),
        catalog(neighbours.catalog),
        sites(neighbours.sites),
        artifacts(neighbours.artifacts),
        records(neighbours.records),
        events(neighbours.events),
        numbers(term),
        derivation(loop, neighbours.worker, catalog, records),
        drafts(loop, neighbours.worker, catalog),
        waiters(loop),
        operations({loop, sites, records, ledger, numbers}, listeners(), random, settings.deadline),
        standbys({loop, sites, records, ledger, numbers}, Random(random.below(~std::uint64_t{0})),
                 settings.deadline,
                 {[this](const std::string& instance) { changed(instance, {}); },
                  [this](const std::string& instance, const std::string& message) {
                    changed(instance, message);
                  }}),
        inventories(
            {loop, sites, records, ledger, operations, standbys},
            [this](const std::string& instance, const std::string& message) { changed(instance, message); }),
        bulks({loop, drafts, operations, [this](Draft draft) { return permitted(std::move(draft)); }},
              Random(random.below(~std::uint64_t{0}))) {}

  [[nodiscard]] Operations::Listeners listeners();
  Result<> load();
  [[nodiscard]] Deployment complete(const Deployment& row) const;
  [[nodiscard]] bool is_over(const Deployment& row) const;
  void published(const Deployment& row, const Revision& before);
  void changed(const std::string& instance, const std::string& message);
  void tell(const Change& change) const;
  void fail_later(const Answer<Deployment>& done, Error error);

  void drafted(const std::string& instance, const Request& request, Result<Draft> draft,
               const Answer<Deployment>& done);
  Result<database::SentConfig> reviewed(const Request& request, Result<Draft> draft);
  Result<database::SentConfig> permitted(Draft draft);
  [[nodiscard]] std::vector<ReportedFinding> warnings(const std::string& site, const std::string& instance,
                                                      const std::vector<std::string>& artifacts) const;
  void command(const std::string& instance, DeploymentKind kind, const Request& request,
               const Answer<Deployment>& done);
  void remove(const std::string& instance, const Request& request, Answer<Deployment> done);

  Executor& loop;
  catalog::Catalog& catalog;
  sites::Sites& sites;
  artifacts::Artifacts& artifacts;
  database::DeploymentRecords& records;
  database::CentralEvents& events;
  Ledger ledger;
  sites::OrderNumbers numbers;
  Derivation derivation;
  Drafts drafts;
  Waiters waiters;
  Operations operations;
  Standbys standbys;
  Inventories inventories;
  Bulks bulks;
  std::vector<std::function<void(const Change&)>> change_listeners;
};

}  // namespace fieldline::deployment

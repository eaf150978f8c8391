#include "coordinator/deployment/deployments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/check.hpp"
#include "common/model/json.hpp"
#include "coordinator/deployment/bulks.hpp"
#include "coordinator/deployment/derivation.hpp"
#include "coordinator/deployment/drafts.hpp"
#include "coordinator/deployment/inventories.hpp"
#include "coordinator/deployment/ledger.hpp"
#include "coordinator/deployment/operations.hpp"
#include "coordinator/deployment/standbys.hpp"
#include "coordinator/deployment/waiters.hpp"

namespace fieldline::deployment {
namespace {

// After these a site may have done what central does not know of.
bool is_uncertain(const Deployment& status) {
  const auto& reason = status.reason;
  return status.open() || reason == "no-answer" || reason == "connection-lost" ||
         reason == "coordinator-failover" || reason == "wrong-report";
}

// What a site lacks of what a configuration needs, or has older than the documents.
std::vector<ReportedFinding> findings_of(const std::vector<artifacts::Skew>& skews, const std::string& site,
                                         const std::string& instance) {
  std::vector<ReportedFinding> findings;
  for (const auto& [artifact, cell] : skews) {
    const bool absent = cell == artifacts::Cell::kAbsent;
    findings.push_back({absent ? "artifact-absent" : "artifact-older",
                        absent ? fmt::format("the artifact {} is not at site {}", artifact, site)
                               : fmt::format("the artifact {} is older at site {} than here", artifact, site),
                        "instances/" + instance});
  }
  return findings;
}

// A script that needs what is absent would fail at the site.
Result<> check_artifacts(const Draft& draft, const std::vector<ReportedFinding>& skews) {
  Error error{ErrorCode::kValidationFailed,
              fmt::format("the site {} lacks what {} needs: deploy artifacts to it first", draft.site,
                          draft.config.instance),
              "",
              {}};
  for (const auto& [code, message, path] : skews) {
    if (code == "artifact-absent") error.findings.push_back({code, path, message});
  }
  if (error.findings.empty()) return {};
  return fail(std::move(error));
}

Result<> check_place(const Request& request, const std::string& instance, const std::string& site) {
  if (!request.may_at || request.may_at(site)) return {};
  return fail(ErrorCode::kForbidden,
              fmt::format("{} is of the site {}, where '{}' may not do this", instance, site, request.who));
}

Failure not_deployed(const std::string& instance) {
  return fail(ErrorCode::kConflict, fmt::format("{} is not deployed: deploy it first", instance));
}

}  // namespace

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

Operations::Listeners Deployments::Desk::listeners() {
  return {[this](const Deployment& row, const Revision& before) { published(row, before); },
          [this](const std::string& site, const std::string& instance, const std::string& deployment) {
            standbys.follow(site, instance, deployment);
          },
          [this](const std::string& site, const std::string& instance) { inventories.touch(site, instance); },
          [this](const std::string& instance, const std::string& who, Answer<> done) {
            catalog.remove_undeployed(instance, who, [done = std::move(done)](Result<> outcome) {
              const bool gone = outcome || outcome.error().code == ErrorCode::kNotFound;
              done(gone ? Result<>() : std::move(outcome));
            });
          }};
}

Result<> Deployments::Desk::load() {
  auto failed = records.fail_open("coordinator-failover",
                                  "the coordinator restarted before the node reported: start it again",
                                  loop.clock().utc());
  if (!failed) return failed;
  const auto statuses = records.statuses();
  if (!statuses) return fail(statuses.error());
  for (const auto& status : *statuses) ledger.set_status(status);
  const auto deployed = records.deployed();
  if (!deployed) return fail(deployed.error());
  for (const auto& item : *deployed) ledger.set_deployed(item);
  return {};
}

Deployment Deployments::Desk::complete(const Deployment& row) const {
  auto whole = row;
  auto standing = standbys.standing(row.site, row.instance);
  whole.standby = standing.state;
  whole.standby_message = std::move(standing.message);
  return whole;
}

bool Deployments::Desk::is_over(const Deployment& row) const {
  return !row.open() && (row.state == DeploymentState::kFailed || !standbys.busy(row.site, row.instance));
}

void Deployments::Desk::published(const Deployment& row, const Revision& before) {
  const auto whole = complete(row);
  const bool gone = ledger.status(row.instance) == nullptr;
  const auto* deployed = ledger.deployed(row.instance);
  tell({row.instance,
        gone ? std::nullopt : std::optional(whole),
        deployed == nullptr ? std::nullopt : std::optional(*deployed),
        {},
        row.open() ? std::nullopt : std::optional(Ended{row, before})});
  waiters.changed(whole, is_over(row));
  bulks.published(row);
}

// The row stays; what the site or its standby holds of the instance does not.
void Deployments::Desk::changed(const std::string& instance, const std::string& message) {
  const auto* deployed = ledger.deployed(instance);
  Change change{instance, std::nullopt, std::nullopt, message, std::nullopt};
  if (deployed != nullptr) change.deployed = *deployed;
  if (const auto* row = ledger.status(instance)) change.status = complete(*row);
  tell(change);
  if (change.status) {
    waiters.changed(*change.status, is_over(*change.status));
  } else {
    waiters.gone(instance);
  }
}

void Deployments::Desk::tell(const Change& change) const {
  for (const auto& listener : change_listeners) listener(change);
}

void Deployments::Desk::fail_later(const Answer<Deployment>& done, Error error) {
  loop.post([done, error = std::move(error)] { done(fail(error)); });
}

Result<database::SentConfig> Deployments::Desk::permitted(Draft draft) {
  const auto& instance = draft.config.instance;
  const auto* before = ledger.deployed(instance);
  if (before != nullptr && before->site != draft.site)
    return fail(ErrorCode::kConflict,
                fmt::format("{} is deployed at {}: delete it there before it moves to {}", instance,
                            before->site, draft.site));
  auto skews = warnings(draft.site, instance, draft.artifacts);
  if (auto present = check_artifacts(draft, skews); !present) return fail(std::move(present.error()));
  operations.warn(instance, std::move(skews));
  return std::move(draft.config);
}

Result<database::SentConfig> Deployments::Desk::reviewed(const Request& request, Result<Draft> draft) {
  if (!draft) return fail(std::move(draft.error()));
  const auto& [bytes, instance, provenance, revision] = draft->config;
  if (auto allowed = check_place(request, instance, draft->site); !allowed)
    return fail(std::move(allowed.error()));
  if (request.reviewed && *request.reviewed != revision)
    return fail(
        ErrorCode::kPreconditionFailed,
        fmt::format("{} would be deployed at revision {}, not at {} as reviewed: look at the diff again",
                    instance, revision, *request.reviewed));
  return permitted(std::move(*draft));
}

void Deployments::Desk::drafted(const std::string& instance, const Request& request, Result<Draft> draft,
                                const Answer<Deployment>& done) {
  const auto site = draft ? draft->site : std::string();
  auto config = reviewed(request, std::move(draft));
  if (!config) {
    operations.release(instance);
    return done(fail(std::move(config.error())));
  }
  operations.start(instance, site, std::move(*config), done);
}

std::vector<ReportedFinding> Deployments::Desk::warnings(const std::string& site, const std::string& instance,
                                                         const std::vector<std::string>& names) const {
  return findings_of(artifacts.skew(site, names), site, instance);
}

void Deployments::Desk::command(const std::string& instance, DeploymentKind kind, const Request& request,
                                const Answer<Deployment>& done) {
  const auto* deployed = ledger.deployed(instance);
  if (deployed == nullptr) return fail_later(done, not_deployed(instance).value());
  const auto site = deployed->site;
  if (auto allowed = check_place(request, instance, site); !allowed)
    return fail_later(done, std::move(allowed.error()));
  if (auto held = operations.hold(instance, kind, request.who); !held)
    return fail_later(done, std::move(held.error()));
  operations.start(instance, site, done);
}

Deployments::Deployments(Neighbours neighbours, std::uint64_t term, Random random,
                         const DeploymentSettings& settings)
    : desk_(std::make_unique<Desk>(neighbours, term, random, settings)) {
  auto& desk = *desk_;
  desk.sites.on_event([&desk](const sites::NodeEvent& event) { desk.inventories.session_changed(event); });
  desk.artifacts.on_node([&desk](const sites::NodeId& node) { desk.inventories.artifacts_changed(node); });
  desk.catalog.set_deployed([this](const std::string& instance) { return engaged(instance); });
  desk.catalog.on_change([&desk](const auto&, const auto&) {
    desk.drafts.refresh();
    desk.derivation.index.refresh();
  });
}

Deployments::~Deployments() = default;

Result<> Deployments::start() {
  if (auto loaded = desk_->load(); !loaded) return loaded;
  desk_->derivation.index.refresh();
  return {};
}

sites::InventoryKeeper& Deployments::inventory_keeper() {
  return desk_->inventories;
}

void Deployments::deploy(const std::string& instance, Request request, Answer<Deployment> done) {
  FIELDLINE_DCHECK(desk_->loop.here());
  if (auto held = desk_->operations.hold(instance, DeploymentKind::kDeploy, request.who); !held)
    return desk_->fail_later(done, std::move(held.error()));
  desk_->drafts.make(instance,
                     [desk = desk_.get(), instance, request = std::move(request), done = std::move(done)](
                         Result<Draft> draft) { desk->drafted(instance, request, std::move(draft), done); });
}

void Deployments::disable(const std::string& instance, Request request, Answer<Deployment> done) {
  desk_->command(instance, DeploymentKind::kDisable, request, done);
}

void Deployments::enable(const std::string& instance, Request request, Answer<Deployment> done) {
  desk_->command(instance, DeploymentKind::kEnable, request, done);
}

void Deployments::remove(const std::string& instance, Request request, Answer<Deployment> done) {
  auto& desk = *desk_;
  const auto library = desk.catalog.library();
  const auto* document = library->find(templates::DocumentKind::kInstance, instance);
  const auto* deployed = desk.ledger.deployed(instance);
  const auto* status = desk.ledger.status(instance);
  const bool uncertain = status != nullptr && is_uncertain(*status);
  if (document == nullptr && deployed == nullptr && !uncertain)
    return desk.fail_later(done,
                           {ErrorCode::kNotFound, fmt::format("there is no instance {}", instance), {}, {}});
  const auto site = deployed != nullptr ? deployed->site
                    : uncertain         ? status->site
                                        : document->instance().site;
  if (auto allowed = check_place(request, instance, site); !allowed)
    return desk.fail_later(done, std::move(allowed.error()));
  if (auto held = desk.operations.hold(instance, DeploymentKind::kDelete, request.who); !held)
    return desk.fail_later(done, std::move(held.error()));
  if (deployed != nullptr || uncertain) return desk.operations.start(instance, site, std::move(done));
  desk.operations.finish_removal(instance, site, std::move(done));
}

bool Deployments::engaged(const std::string& instance) const {
  return desk_->operations.held(instance) || desk_->ledger.deployed(instance) != nullptr;
}

std::optional<Deployment> Deployments::status(const std::string& instance) const {
  const auto* row = desk_->ledger.status(instance);
  return row == nullptr ? std::nullopt : std::optional(desk_->complete(*row));
}

std::optional<Deployed> Deployments::deployed(const std::string& instance) const {
  const auto* found = desk_->ledger.deployed(instance);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

void Deployments::wait(const std::string& deployment, Duration up_to, Answer<Deployment> done) {
  const auto* row = desk_->ledger.status_by_id(deployment);
  if (row == nullptr)
    return desk_->fail_later(
        done, {ErrorCode::kNotFound,
               fmt::format("there is no deployment {}, or a later one has taken its place", deployment),
               {},
               {}});
  const auto now = desk_->complete(*row);
  if (desk_->is_over(now)) return desk_->loop.post([done = std::move(done), now] { done(now); });
  desk_->waiters.add(now, up_to, std::move(done));
}

void Deployments::deploy_all(const std::string& site, BulkRequest request, Answer<Bulk> done) {
  std::vector<Deployed> deployed;
  if (request.selection.stale) {
    for (const auto& [instance, item] : desk_->ledger.of_site(site)) deployed.push_back(item);
  }
  desk_->derivation.select(
      site, std::move(deployed), request.selection,
      [desk = desk_.get(), site, request,
       done = std::move(done)](Result<std::vector<std::string>> instances) {
        if (!instances) return done(fail(std::move(instances.error())));
        done(desk->bulks.start(site, request.who, std::move(*instances), request.stop_after_failures));
      });
}

Result<BulkPage> Deployments::bulk(const std::string& id, const BulkQuery& query) const {
  return desk_->bulks.page(id, query);
}

void Deployments::wait_for_bulk(const std::string& id, Duration up_to, Answer<Bulk> done) {
  desk_->bulks.wait(id, up_to, std::move(done));
}

std::size_t Deployments::bulks_under_way() const {
  return desk_->bulks.running();
}

void Deployments::on_bulk(std::function<void(const BulkProgress&)> listener) {
  desk_->bulks.on_progress(std::move(listener));
}

void Deployments::deployed_config(const std::string& instance, Answer<DeployedConfig> done) {
  if (const auto* deployed = desk_->ledger.deployed(instance))
    return desk_->derivation.open(*deployed, std::move(done));
  desk_->loop.post([done = std::move(done), instance] {
    done(fail(ErrorCode::kNotFound, fmt::format("{} is not deployed", instance)));
  });
}

void Deployments::derived(const std::string& instance, Answer<templates::Derived> done) {
  desk_->derivation.derive(instance, std::move(done));
}

void Deployments::diff(const std::string& instance, Answer<Comparison> done) {
  desk_->derivation.diff(instance, desk_->ledger.deployed(instance), std::move(done));
}

std::vector<ReportedFinding> Deployments::warnings(const std::string& site, const std::string& instance,
                                                   const std::vector<std::string>& artifacts) const {
  return desk_->warnings(site, instance, artifacts);
}

void Deployments::diff_site(const std::string& site, Answer<SiteDiff> done) {
  std::vector<Deployed> deployed;
  for (const auto& [instance, item] : desk_->ledger.of_site(site)) deployed.push_back(item);
  desk_->derivation.diff_site(site, std::move(deployed), std::move(done));
}

void Deployments::derived_revisions(Answer<std::shared_ptr<const DerivedRevisions>> done) {
  desk_->derivation.index.ask([done = std::move(done)](Result<RevisionIndex::Known> known) {
    if (!known) return done(fail(std::move(known.error())));
    done(std::move(known->revisions));
  });
}

bool Deployments::is_stale(const std::string& instance, const DerivedRevisions& derived) const {
  const auto* deployed = desk_->ledger.deployed(instance);
  return deployed != nullptr && derived.is_stale(*deployed);
}

SiteTally Deployments::tally(const std::string& site, const DerivedRevisions& derived) const {
  const auto& deployed = desk_->ledger.of_site(site);
  const auto instances = derived.instances_at.find(site);
  return {.deployed = deployed.size(),
          .failed = desk_->ledger.failed_at(site),
          .instances = instances == derived.instances_at.end() ? 0 : instances->second,
          .stale = static_cast<std::size_t>(std::ranges::count_if(
              deployed, [&](const auto& item) { return derived.is_stale(item.second); }))};
}

void Deployments::events(const std::string& site, const EventQuery& query, Answer<EventPage> done) const {
  desk_->events.page(site, query, std::move(done), desk_->loop);
}

void Deployments::on_change(std::function<void(const Change&)> listener) {
  desk_->change_listeners.push_back(std::move(listener));
}

}  // namespace fieldline::deployment

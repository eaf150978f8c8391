#include "coordinator/deployment/deployments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/check.hpp"
#include "coordinator/deployment/desk.hpp"

namespace fieldline::deployment {

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
  desk_->remove(instance, request, std::move(done));
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

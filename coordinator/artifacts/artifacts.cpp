#include "coordinator/artifacts/artifacts.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "coordinator/artifacts/deliveries.hpp"
#include "coordinator/artifacts/holdings.hpp"
#include "coordinator/artifacts/limits.hpp"
#include "coordinator/artifacts/shelf.hpp"

namespace fieldline::artifacts {
namespace {

Cell cell_of(const ArtifactInventory& held, const ArtifactItem& wanted) {
  const auto* has = find_item(held, wanted.key);
  if (has == nullptr) return Cell::kAbsent;
  return has->revision == wanted.revision ? Cell::kCurrent : Cell::kOlder;
}

void settle(ArtifactDeployment& row, const Verdict& verdict, Timestamp now) {
  row.state = verdict.reason.empty() ? DeploymentState::kSuccess : DeploymentState::kFailed;
  row.reason = verdict.reason;
  row.message = verdict.message;
  row.findings = verdict.findings;
  row.finished = now;
}

}  // namespace

class Artifacts::Desk {
 public:
  Desk(const Neighbours& neighbours, std::uint64_t term, Random random, Duration deadline)
      : with(neighbours),
        shelf(neighbours.box),
        holdings([this](const sites::NodeId& node) { with.sites.compare_artifacts(node); },
                 [this](const sites::NodeId& node) { shown(node); }),
        deliveries({with.loop, with.worker, with.sites, holdings, with.box}, term,
                   Random(random.below(~std::uint64_t{0})), deadline),
        ids(random) {}

  Result<> load();
  void follow(const templates::Library& before, const templates::Library& after);
  void begin(std::vector<ArtifactDeployment> rows, Answer<Begun> done);
  [[nodiscard]] SiteRecord record(const std::string& site) const;
  [[nodiscard]] NodeStanding standing(const sites::NodeId& node) const;
  // Who has the site.
  [[nodiscard]] Finding holder(const std::string& site) const;
  [[nodiscard]] SiteOutline outline(const std::string& site) const;
  // What its active node holds, or held when it was last seen. Null: not known.
  [[nodiscard]] std::shared_ptr<const ArtifactInventory> held_by(const std::string& site) const;
  void publish(const std::string& site) const;
  void tell_end(const ArtifactDeployment& row) const;
  void session_changed(const sites::NodeEvent& event);

  Neighbours with;
  Shelf shelf;
  Holdings holdings;
  Deliveries deliveries;
  Random ids;
  std::map<std::string, ArtifactDeployment> rows;  // by site
  std::set<std::string> held;                      // sites with a delivery under way
  std::vector<std::function<void(const SiteRecord&)>> change_listeners;
  std::vector<std::function<void(const ArtifactDeployment&)>> end_listeners;
  std::vector<std::function<void(const sites::NodeId&)>> node_listeners;

 private:
  struct Refusal {
    std::string digest;  // of what the standby refused
    std::string message;
  };
  struct Waiting {
    std::string site;
    WantedPointer wanted;
  };

  void saved(const std::vector<ArtifactDeployment>& rows, const WantedPointer& wanted);
  void pump();
  void send(const Waiting& next);
  void bring(const sites::NodeId& standby, const WantedPointer& wanted);
  void finish(const std::string& site, const Verdict& verdict);
  void shown(const sites::NodeId& node);
  void align(const std::string& site);
  [[nodiscard]] std::optional<Verdict> obstacle(const std::string& site) const;

  std::deque<Waiting> waiting_;
  std::size_t running_ = 0;
  std::map<sites::NodeId, Refusal> refused_;
  std::map<std::string, sites::NodeId> leads_;  // by site: the node that was active last
};

Result<> Artifacts::Desk::load() {
  auto failed = with.records.fail_open("coordinator-failover",
                                       "the coordinator restarted before the site reported: retry",
                                       with.loop.clock().utc());
  if (!failed) return failed;
  const auto stored = with.records.all();
  if (!stored) return fail(stored.error());
  for (const auto& row : *stored) rows.insert_or_assign(row.site, row);
  shelf.follow(*with.catalog.library());
  return {};
}

void Artifacts::Desk::follow(const templates::Library& before, const templates::Library& after) {
  shelf.follow(after);
  constexpr auto kSite = templates::DocumentKind::kSite;
  if (std::ranges::equal(before.all(kSite), after.all(kSite))) return;
  std::vector<std::string> gone;
  std::erase_if(rows, [&](const auto& item) {
    const auto& site = item.first;
    if (held.contains(site) || after.find(kSite, site) != nullptr) return false;
    gone.push_back(site);
    return true;
  });
  if (gone.empty()) return;
  with.records.forget(
      std::move(gone),
      [](const Result<>& outcome) {
        if (!outcome)
          spdlog::error("records of sites that are gone can't be removed: {}", outcome.error().describe());
      },
      with.loop);
}

std::optional<Verdict> Artifacts::Desk::obstacle(const std::string& site) const {
  if (with.sites.active(site)) return std::nullopt;
  if (with.sites.connected(site))
    return Verdict{"no-active-node", fmt::format("no connected node of {} is active", site), {}};
  return Verdict{"site-unreachable", fmt::format("no node of {} is connected", site), {}};
}

void Artifacts::Desk::begin(std::vector<ArtifactDeployment> fresh, Answer<Begun> done) {
  Begun begun;
  for (auto& row : fresh) {
    begun.deployment = row.deployment;
    begun.sites.push_back(row.site);
    held.insert(row.site);
    if (const auto verdict = obstacle(row.site)) settle(row, *verdict, with.loop.clock().utc());
  }
  with.records.save(
      fresh,
      [this, fresh, begun, wanted = shelf.wanted(), done = std::move(done)](Result<> outcome) {
        if (!outcome) {
          for (const auto& row : fresh) held.erase(row.site);
          return done(fail(std::move(outcome.error())));
        }
        saved(fresh, wanted);
        done(begun);
        for (const auto& row : fresh) {
          if (!row.open()) tell_end(row);
        }
        pump();
      },
      with.loop);
}

void Artifacts::Desk::saved(const std::vector<ArtifactDeployment>& fresh, const WantedPointer& wanted) {
  for (const auto& row : fresh) {
    rows.insert_or_assign(row.site, row);
    if (row.open()) {
      waiting_.push_back({row.site, wanted});
    } else {
      held.erase(row.site);
    }
    publish(row.site);
  }
}

void Artifacts::Desk::pump() {
  while (running_ < kMaxSitesAtOnce && !waiting_.empty()) {
    const auto next = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    send(next);
  }
}

void Artifacts::Desk::send(const Waiting& next) {
  const auto& site = next.site;
  if (const auto verdict = obstacle(site)) return finish(site, *verdict);
  rows.at(site).state = DeploymentState::kInProgress;
  publish(site);
  deliveries.begin(*with.sites.active(site), next.wanted,
                   [this, site](const Verdict& verdict) { finish(site, verdict); });
  if (const auto standby = with.sites.standby(site)) bring(*standby, next.wanted);
}

void Artifacts::Desk::bring(const sites::NodeId& standby, const WantedPointer& wanted) {
  refused_.erase(standby);
  deliveries.begin(standby, wanted, [this, standby, digest = wanted->digest](const Verdict& verdict) {
    if (!verdict.reason.empty() && verdict.reason != "connection-lost" && verdict.reason != "superseded")
      refused_.insert_or_assign(standby,
                                Refusal{digest, fmt::format("{}: {}", verdict.reason, verdict.message)});
    publish(standby.site);
    align(standby.site);
  });
}

void Artifacts::Desk::finish(const std::string& site, const Verdict& verdict) {
  auto row = rows.at(site);
  settle(row, verdict, with.loop.clock().utc());
  with.records.save(
      {row},
      [this, row](const Result<>& outcome) {
        // Recorded or not, that is how it ended.
        if (!outcome)
          spdlog::error("the end of the artifacts' delivery to {} can't be recorded: {}", row.site,
                        outcome.error().describe());
        rows.insert_or_assign(row.site, row);
        held.erase(row.site);
        --running_;
        spdlog::info("artifacts {} at {}: {}{}{}", row.deployment, row.site, name(row.state),
                     row.reason.empty() ? "" : ", ", row.reason);
        publish(row.site);
        tell_end(row);
        align(row.site);
        pump();
      },
      with.loop);
}

void Artifacts::Desk::shown(const sites::NodeId& node) {
  if (with.sites.active(node.site) == node) leads_.insert_or_assign(node.site, node);
  align(node.site);
  for (const auto& listener : node_listeners) listener(node);
}

// The standby follows the active node, as far as the present documents still have what that holds.
void Artifacts::Desk::align(const std::string& site) {
  const auto active = with.sites.active(site);
  const auto standby = with.sites.standby(site);
  if (!active || !standby || held.contains(site) || deliveries.busy(*active) || deliveries.busy(*standby))
    return;
  const auto leads = holdings.shown(*active);
  const auto follows = holdings.shown(*standby);
  if (!leads || !follows || leads == follows) return;
  const auto wanted = shelf.just(*leads);
  if (!wanted) return;
  const auto refusal = refused_.find(*standby);
  if (refusal != refused_.end() && refusal->second.digest == wanted->digest) return;
  bring(*standby, wanted);
}

void Artifacts::Desk::session_changed(const sites::NodeEvent& event) {
  const sites::NodeId node{event.site, event.node};
  if (event.kind != sites::NodeEventKind::kOffline) return;
  holdings.offline(node);
  refused_.erase(node);
}

NodeStanding Artifacts::Desk::standing(const sites::NodeId& node) const {
  const auto state = with.sites.node(node);
  if (!state || !state->online) return {{}, node.node, StandbyState::kAbsent};
  if (holdings.holds(node, shelf.wanted()->digest)) return {{}, node.node, StandbyState::kStored};
  const auto refusal = refused_.find(node);
  if (refusal != refused_.end()) return {refusal->second.message, node.node, StandbyState::kRefused};
  const auto active = with.sites.active(node.site);
  const auto leads = active && *active != node ? holdings.shown(*active) : nullptr;
  if (!leads || leads == holdings.shown(node) || shelf.just(*leads))
    return {{}, node.node, StandbyState::kBehind};
  return {
      fmt::format("{} holds revisions that are not kept, so it can't be given the same: deploy the artifacts",
                  active->text()),
      node.node, StandbyState::kBehind};
}

SiteRecord Artifacts::Desk::record(const std::string& site) const {
  SiteRecord record;
  record.site = site;
  const auto row = rows.find(site);
  if (row != rows.end()) record.deployment = row->second;
  const auto library = with.catalog.library();
  if (const auto* document = library->find(templates::DocumentKind::kSite, site)) {
    for (const auto& node : document->site().nodes) record.nodes.push_back(standing({site, node}));
  }
  return record;
}

SiteOutline Artifacts::Desk::outline(const std::string& site) const {
  const auto lead = leads_.find(site);
  const auto digest = lead == leads_.end() ? std::string_view() : holdings.digest(lead->second);
  if (digest != shelf.wanted()->digest) {
    const auto row = rows.find(site);
    if (row != rows.end() && row->second.state == DeploymentState::kFailed)
      return {fmt::format("{}: {}", row->second.reason, row->second.message), SiteStanding::kFailed};
    return {{}, digest.empty() ? SiteStanding::kUnknown : SiteStanding::kBehind};
  }
  const auto standby = with.sites.standby(site);
  if (!standby) return {{}, SiteStanding::kCurrent};
  const auto follows = standing(*standby);
  if (follows.state == StandbyState::kRefused)
    return {fmt::format("{}: {}", standby->node, follows.message), SiteStanding::kFailed};
  return {{}, follows.state == StandbyState::kBehind ? SiteStanding::kBehind : SiteStanding::kCurrent};
}

void Artifacts::Desk::publish(const std::string& site) const {
  const auto now = record(site);
  for (const auto& listener : change_listeners) listener(now);
}

void Artifacts::Desk::tell_end(const ArtifactDeployment& row) const {
  for (const auto& listener : end_listeners) listener(row);
}

Artifacts::Artifacts(Neighbours neighbours, std::uint64_t term, Random random, Duration deadline)
    : desk_(std::make_unique<Desk>(neighbours, term, random, deadline)) {
  auto& desk = *desk_;
  desk.with.sites.on_event([&desk](const sites::NodeEvent& event) { desk.session_changed(event); });
  desk.with.catalog.on_change(
      [&desk](const auto& before, const auto& after) { desk.follow(*before, *after); });
}

Artifacts::~Artifacts() = default;

Result<> Artifacts::start() {
  return desk_->load();
}

sites::ArtifactKeeper& Artifacts::keeper() {
  return desk_->holdings;
}

void Artifacts::deploy(std::vector<std::string> sites, const std::string& who, Answer<Begun> done) {
  auto& desk = *desk_;
  if (const auto room = desk.shelf.check_room(); !room)
    return desk.with.loop.post([done = std::move(done), error = room.error()] { done(fail(error)); });
  Error busy{ErrorCode::kConflict, "artifacts are on their way already to some of these sites", {}, {}};
  std::vector<ArtifactDeployment> rows;
  const auto id = desk.ids.id();
  for (auto& site : sites) {
    if (desk.held.contains(site)) busy.findings.push_back(desk.holder(site));
    ArtifactDeployment row;
    row.deployment = id;
    row.site = std::move(site);
    row.started = desk.with.loop.clock().utc();
    row.who = who;
    rows.push_back(std::move(row));
  }
  if (!busy.findings.empty())
    return desk.with.loop.post([done = std::move(done), busy = std::move(busy)] { done(fail(busy)); });
  spdlog::info("artifacts {} begin for {} sites, asked for by {}", id, rows.size(), who);
  desk.begin(std::move(rows), std::move(done));
}

void Artifacts::retry(const std::string& site, const std::string& who, Answer<Begun> done) {
  auto& desk = *desk_;
  const auto refuse = [&](Error error) {
    desk.with.loop.post([done, error = std::move(error)] { done(fail(error)); });
  };
  const auto found = desk.rows.find(site);
  if (found == desk.rows.end())
    return refuse({ErrorCode::kNotFound, fmt::format("no artifacts were ever deployed to {}", site), {}, {}});
  if (desk.held.contains(site)) return refuse({ErrorCode::kConflict, desk.holder(site).message, {}, {}});
  auto row = found->second;
  if (row.state != DeploymentState::kFailed)
    return refuse({ErrorCode::kConflict, fmt::format("at {} the artifacts did not fail", site), {}, {}});
  if (const auto room = desk.shelf.check_room(); !room) return refuse(room.error());
  row.state = DeploymentState::kPending;
  row.reason.clear();
  row.message.clear();
  row.findings.clear();
  row.finished.reset();
  row.started = desk.with.loop.clock().utc();
  row.who = who;
  desk.begin({std::move(row)}, std::move(done));
}

Finding Artifacts::Desk::holder(const std::string& site) const {
  const auto found = rows.find(site);
  if (found == rows.end() || !found->second.open())
    return {"held", "sites/" + site, fmt::format("artifacts for {} are being recorded: try again", site)};
  const auto& row = found->second;
  return {"held", "sites/" + site,
          fmt::format("{} is held by the artifact deployment {} of {} since {}: wait until it is over", site,
                      row.deployment, row.who, format_rfc3339(row.started))};
}

std::shared_ptr<const ArtifactInventory> Artifacts::Desk::held_by(const std::string& site) const {
  const auto lead = leads_.find(site);
  return lead == leads_.end() ? nullptr : holdings.of(lead->second);
}

const ArtifactInventory& Artifacts::wanted() const {
  return desk_->shelf.wanted()->items;
}

SiteRecord Artifacts::record(const std::string& site) const {
  auto record = desk_->record(site);
  const auto holds = desk_->held_by(site);
  const bool failed = record.deployment && record.deployment->state == DeploymentState::kFailed;
  for (const auto& item : wanted()) {
    auto cell = holds ? cell_of(*holds, item) : Cell::kUnknown;
    if (failed && cell != Cell::kCurrent) cell = Cell::kFailed;
    record.artifacts.emplace(item.key, cell);
  }
  if (!holds) return record;
  for (const auto& item : *holds) record.artifacts.try_emplace(item.key, Cell::kObsolete);
  return record;
}

SiteOutline Artifacts::outline(const std::string& site) const {
  return desk_->outline(site);
}

std::vector<Skew> Artifacts::skew(const std::string& site, const std::vector<std::string>& names) const {
  std::vector<Skew> skews;
  const auto active = desk_->with.sites.active(site);
  const auto holds = active ? desk_->holdings.shown(*active) : nullptr;
  if (!holds) return skews;
  for (const auto& key : names) {
    const auto* item = find_item(wanted(), key);
    const auto cell = item != nullptr ? cell_of(*holds, *item) : Cell::kAbsent;
    if (cell != Cell::kCurrent) skews.push_back({key, cell});
  }
  return skews;
}

void Artifacts::on_change(std::function<void(const SiteRecord&)> listener) {
  desk_->change_listeners.push_back(std::move(listener));
}

void Artifacts::on_end(std::function<void(const ArtifactDeployment&)> listener) {
  desk_->end_listeners.push_back(std::move(listener));
}

void Artifacts::on_node(std::function<void(const sites::NodeId&)> listener) {
  desk_->node_listeners.push_back(std::move(listener));
}

}  // namespace fieldline::artifacts

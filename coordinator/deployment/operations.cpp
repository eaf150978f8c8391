#include "coordinator/deployment/operations.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/check.hpp"
#include "common/base/fail_point.hpp"
#include "coordinator/deployment/limits.hpp"

namespace fieldline::deployment {
namespace {

OrderKind order_kind(DeploymentKind kind) {
  switch (kind) {
    case DeploymentKind::kDeploy:
      return OrderKind::kApply;
    case DeploymentKind::kDisable:
      return OrderKind::kDisable;
    case DeploymentKind::kEnable:
      return OrderKind::kEnable;
    case DeploymentKind::kDelete:
      return OrderKind::kDelete;
  }
  FIELDLINE_UNREACHABLE();
}

template <class... Case>
struct Cases : Case... {
  using Case::operator()...;
};
template <class... Case>
Cases(Case...) -> Cases<Case...>;

OperationEvent event_of(const sites::OrderNews& news) {
  return std::visit(Cases{[](const sites::OrderSent&) -> OperationEvent { return Sent{}; },
                          [](const sites::OrderAccepted&) -> OperationEvent { return AcceptedByNode{}; },
                          [](const sites::OrderLost& lost) -> OperationEvent {
                            return Stopped{"connection-lost", lost.message};
                          },
                          [](const Report& report) -> OperationEvent { return Reported{report}; }},
                    news);
}

}  // namespace

Result<std::string> Operations::hold(const std::string& instance, DeploymentKind kind,
                                     const std::string& who) {
  if (const auto found = held_.find(instance); found != held_.end()) {
    const auto& row = found->second.row;
    return fail(ErrorCode::kConflict,
                fmt::format("{} is held by {} {} of {} since {}: wait until it is over", instance,
                            name(row.kind), row.id, row.who, format_rfc3339(row.started)));
  }
  if (held_.size() >= kMaxOperations)
    return fail(ErrorCode::kExhausted,
                fmt::format("{} operations are under way: try again later", kMaxOperations));
  auto& row = held_[instance].row;
  row.id = random_.id();
  row.instance = instance;
  row.kind = kind;
  row.who = who;
  row.started = with_.loop.clock().utc();
  return row.id;
}

void Operations::warn(const std::string& instance, std::vector<ReportedFinding> warnings) {
  held_.at(instance).row.warnings = std::move(warnings);
}

void Operations::release(const std::string& instance) {
  held_.erase(instance);
}

bool Operations::in_flight(const std::string& instance) const {
  const auto found = held_.find(instance);
  if (found == held_.end()) return false;
  const auto phase = found->second.operation.phase;
  return phase == Phase::kRunning || phase == Phase::kRecording || phase == Phase::kRemoving;
}

void Operations::start(const std::string& instance, const std::string& site, database::SentConfig config,
                       Answer<Deployment> done) {
  auto& held = held_.at(instance);
  held.row.revision = config.revision;
  held.bytes = std::make_shared<const std::string>(config.bytes);
  held.config = std::move(config);
  start(instance, site, std::move(done));
}

void Operations::start(const std::string& instance, const std::string& site, Answer<Deployment> done) {
  auto& held = held_.at(instance);
  held.row.site = site;
  if (const auto* deployed = with_.ledger.deployed(instance)) held.before = deployed->revision;
  held.done = std::move(done);
  spdlog::info("{} {} of {} at {} begins, asked for by {}", name(held.row.kind), held.row.id, instance, site,
               held.row.who);
  const auto now = with_.loop.clock().utc();
  if (const auto active = with_.sites.active(site)) {
    held.node = *active;
    return run(instance, begin(held.row));
  }
  if (with_.sites.connected(site)) {
    return run(instance, begin_failed(held.row, "no-active-node",
                                      fmt::format("no connected node of {} is active", site), now));
  }
  run(instance,
      begin_failed(held.row, "site-unreachable", fmt::format("no node of {} is connected", site), now));
}

void Operations::finish_removal(const std::string& instance, const std::string& site,
                                Answer<Deployment> done) {
  auto& held = held_.at(instance);
  held.row.site = site;
  held.done = std::move(done);
  run(instance, begin_done(held.row, with_.loop.clock().utc()));
}

void Operations::run(std::string instance, Step step) {
  held_.at(instance).operation = std::move(step.next);
  for (const auto act : step.acts) perform(instance, act);
}

void Operations::happen(std::string instance, const std::string& deployment, const OperationEvent& event) {
  const auto found = held_.find(instance);
  if (found == held_.end() || found->second.row.id != deployment) return;
  run(std::move(instance), step(found->second.operation, event, with_.loop.clock().utc()));
}

void Operations::perform(const std::string& instance, Act act) {
  auto& held = held_.at(instance);
  const auto& row = held.operation.row;
  switch (act) {
    case Act::kSave:
      return save(held);
    case Act::kSend:
      return send(held);
    case Act::kArm:
      return arm(held);
    case Act::kWithdraw:
      return with_.sites.withdraw(held.node, row.id);
    case Act::kCompare:
      held.compare = true;
      return;
    case Act::kRecord:
      return record(held);
    case Act::kRemove:
      return tell_.remove_document(instance, row.who, [this, instance, id = row.id](Result<> outcome) {
        happen(instance, id, Removed{std::move(outcome)});
      });
    case Act::kAnswer:
      return std::exchange(held.done, nullptr)(row);
    case Act::kRefuse:
      return std::exchange(held.done, nullptr)(fail(held.save_error));
    case Act::kPublish:
      return publish(held);
    case Act::kFinish:
      return finish(instance);
  }
}

void Operations::save(Held& held) {
  database::DeploymentChange change;
  change.status = held.operation.row;
  change.sent = std::exchange(held.config, std::nullopt);
  with_.records.save(
      std::move(change),
      [this, instance = held.row.instance, id = held.row.id](const Result<>& saved) {
        fail_point("deployment.saved");
        if (saved) return happen(instance, id, Saved{});
        spdlog::error("operation {} of {} can't be saved: {}", id, instance, saved.error().describe());
        held_.at(instance).save_error = saved.error();
        happen(instance, id, NotSaved{});
      },
      with_.loop);
}

void Operations::send(Held& held) {
  const auto& row = held.operation.row;
  sites::Dispatch dispatch;
  dispatch.to = held.node;
  dispatch.order = {deadline_,
                    row.id,
                    row.instance,
                    order_kind(row.kind),
                    with_.numbers.next(),
                    row.revision,
                    held.bytes ? held.bytes->size() : 0};
  dispatch.config = std::exchange(held.bytes, nullptr);
  dispatch.tell = [this, instance = row.instance, id = row.id](const sites::OrderNews& news) {
    hear(instance, id, news);
  };
  const auto taken = with_.sites.order(std::move(dispatch));
  fail_point("deployment.dispatched");
  if (taken) return;
  const bool lost = taken.error().code == ErrorCode::kUnavailable;
  happen(row.instance, row.id, Stopped{lost ? "connection-lost" : "exhausted", taken.error().message});
}

void Operations::hear(const std::string& instance, const std::string& deployment,
                      const sites::OrderNews& news) {
  if (const auto* report = std::get_if<Report>(&news)) {
    fail_point("deployment.reported");
    if (const auto found = held_.find(instance); found != held_.end()) check_report(found->second, *report);
  }
  happen(instance, deployment, event_of(news));
}

// A failure should leave the site as it is believed to be.
void Operations::check_report(Held& held, const Report& report) {
  if (report.success) return;
  const auto* believed = with_.ledger.deployed(held.row.instance);
  if (report.revision != (believed == nullptr ? Revision() : believed->revision)) held.compare = true;
}

void Operations::arm(Held& held) {
  held.deadline = with_.loop.after(
      deadline_, [this, instance = held.row.instance, id = held.row.id] { happen(instance, id, Overdue{}); });
}

// What becomes true together with the verdict.
database::DeploymentChange Operations::change_of(const Held& held) const {
  const auto& verdict = held.operation.verdict;
  database::DeploymentChange change;
  change.status = verdict;
  if (verdict.state != DeploymentState::kSuccess) return change;
  if (verdict.kind == DeploymentKind::kDelete) {
    change.status.reset();
    change.forgotten = verdict.instance;
    change.undeployed = {verdict.instance};
    return change;
  }
  const auto& report = held.operation.report;
  Deployed deployed{report.enabled, verdict.instance, report.revision, *verdict.finished, verdict.site};
  const auto* before = with_.ledger.deployed(verdict.instance);
  if (before != nullptr && before->revision == deployed.revision) deployed.since = before->since;
  change.deployed = {std::move(deployed)};
  return change;
}

void Operations::record(Held& held) {
  with_.loop.cancel(std::exchange(held.deadline, 0));
  const auto change = change_of(held);
  with_.records.save(
      change,
      [this, verdict = held.operation.verdict, change](Result<> outcome) {
        fail_point("deployment.recorded");
        if (!outcome) {
          spdlog::error("the end of operation {} can't be recorded: {}", verdict.id,
                        outcome.error().describe());
        }
        take_effect(verdict, change);
        happen(verdict.instance, verdict.id, Recorded{std::move(outcome)});
      },
      with_.loop);
}

// Recorded or not, the site has done it.
void Operations::take_effect(const Deployment& verdict, const database::DeploymentChange& change) {
  if (verdict.state != DeploymentState::kSuccess) return;
  for (const auto& deployed : change.deployed) with_.ledger.set_deployed(deployed);
  for (const auto& instance : change.undeployed) with_.ledger.erase_deployed(instance);
  tell_.took_effect(verdict.site, verdict.instance, verdict.id);
}

void Operations::publish(const Held& held) {
  const auto row = held.operation.row;
  if (!row.open()) {
    spdlog::info("{} {} of {} at {}: {}{}{}{}{}", name(row.kind), row.id, row.instance, row.site,
                 name(row.state), row.reason.empty() ? "" : ", ", row.reason, row.message.empty() ? "" : ": ",
                 row.message);
  }
  const bool gone = row.kind == DeploymentKind::kDelete && row.state == DeploymentState::kSuccess;
  if (gone) {
    with_.ledger.retire(row);
  } else {
    with_.ledger.set_status(row);
  }
  tell_.published(row, held.before);
}

void Operations::finish(const std::string& instance) {
  const auto released = std::move(held_.extract(instance).mapped());
  tell_.finished(released.row.site, instance);
  // Not sooner: what is read while the operation is under way does not count for its instance.
  if (released.compare) with_.sites.compare(released.node);
}

}  // namespace fieldline::deployment

#include "coordinator/deployment/operation.hpp"

#include <fmt/format.h>

#include <utility>

namespace fieldline::deployment {
namespace {

constexpr std::size_t kRevisionSize = 64;

Deployment succeeded(Deployment row, Timestamp now) {
  row.state = DeploymentState::kSuccess;
  row.stage = Stage::kDone;
  row.finished = now;
  return row;
}

Deployment failed(Deployment row, std::string reason, std::string message, Timestamp now) {
  row.state = DeploymentState::kFailed;
  row.reason = std::move(reason);
  row.message = std::move(message);
  row.finished = now;
  return row;
}

Deployment judged(const Deployment& row, const Report& report, Timestamp now) {
  if (report.success && confirms(report, row)) return succeeded(row, now);
  if (report.success)
    return failed(row, "wrong-report", "the node reports success, but of something else than was ordered",
                  now);
  auto verdict = failed(row, report.reason.empty() ? "refused" : report.reason, report.message, now);
  verdict.stage = report.stage;
  verdict.findings = report.findings;
  return verdict;
}

Step record(Operation operation, Deployment verdict, std::vector<Act> before = {}) {
  operation.phase = Phase::kRecording;
  operation.verdict = std::move(verdict);
  before.push_back(Act::kRecord);
  return {std::move(operation), std::move(before)};
}

Step end(Operation operation) {
  operation.phase = Phase::kEnded;
  std::vector<Act> acts{Act::kPublish, Act::kFinish};
  if (!std::exchange(operation.answered, true)) acts.insert(acts.begin() + 1, Act::kAnswer);
  return {std::move(operation), std::move(acts)};
}

Step saving(Operation operation, const OperationEvent& event) {
  if (std::holds_alternative<Saved>(event)) {
    operation.phase = Phase::kQueued;
    operation.answered = true;
    return {std::move(operation), {Act::kPublish, Act::kAnswer, Act::kSend}};
  }
  if (std::holds_alternative<NotSaved>(event)) {
    operation.phase = Phase::kEnded;
    operation.answered = true;
    return {std::move(operation), {Act::kRefuse, Act::kFinish}};
  }
  return {std::move(operation), {}};
}

Step queued(Operation operation, const OperationEvent& event, Timestamp now) {
  if (std::holds_alternative<Sent>(event)) {
    operation.phase = Phase::kRunning;
    operation.row.state = DeploymentState::kInProgress;
    operation.row.stage = Stage::kSent;
    return {std::move(operation), {Act::kArm, Act::kPublish}};
  }
  if (const auto* stopped = std::get_if<Stopped>(&event)) {
    auto verdict = failed(operation.row, stopped->reason, stopped->message, now);
    return record(std::move(operation), std::move(verdict));
  }
  return {std::move(operation), {}};
}

Step running(Operation operation, const OperationEvent& event, Timestamp now) {
  if (std::holds_alternative<AcceptedByNode>(event)) {
    operation.row.stage = Stage::kAccepted;
    return {std::move(operation), {Act::kPublish}};
  }
  if (const auto* reported = std::get_if<Reported>(&event)) {
    operation.report = reported->report;
    auto verdict = judged(operation.row, reported->report, now);
    std::vector<Act> acts;
    if (verdict.reason == "wrong-report") acts.push_back(Act::kCompare);
    return record(std::move(operation), std::move(verdict), std::move(acts));
  }
  if (const auto* stopped = std::get_if<Stopped>(&event)) {
    auto verdict = failed(operation.row, stopped->reason, stopped->message, now);
    return record(std::move(operation), std::move(verdict));
  }
  if (std::holds_alternative<Overdue>(event)) {
    auto verdict = failed(operation.row, "no-answer", "the node did not report within the deadline", now);
    return record(std::move(operation), std::move(verdict), {Act::kWithdraw, Act::kCompare});
  }
  return {std::move(operation), {}};
}

Step recording(Operation operation, const OperationEvent& event) {
  const auto* recorded = std::get_if<Recorded>(&event);
  if (recorded == nullptr) return {std::move(operation), {}};
  const bool success = operation.verdict.state == DeploymentState::kSuccess;
  operation.row = operation.verdict;
  if (success && !recorded->outcome) {
    operation.row = failed(
        operation.row, "not-recorded",
        fmt::format("it was done, but central could not record it: {}", recorded->outcome.error().message),
        *operation.row.finished);
    return end(std::move(operation));
  }
  if (success && operation.row.kind == DeploymentKind::kDelete) {
    operation.phase = Phase::kRemoving;
    operation.row.state = DeploymentState::kInProgress;
    return {std::move(operation), {Act::kRemove}};
  }
  return end(std::move(operation));
}

Step removing(Operation operation, const OperationEvent& event) {
  const auto* removed = std::get_if<Removed>(&event);
  if (removed == nullptr) return {std::move(operation), {}};
  operation.row = operation.verdict;
  if (!removed->outcome)
    operation.row = failed(
        operation.row, "not-removed",
        fmt::format("its site has forgotten it, but not central: {}", removed->outcome.error().message),
        *operation.row.finished);
  return end(std::move(operation));
}

}  // namespace

bool confirms(const Report& report, const Deployment& row) {
  switch (row.kind) {
    case DeploymentKind::kDeploy:
      return report.revision == row.revision;
    case DeploymentKind::kDisable:
      return !report.enabled && report.revision.size() == kRevisionSize;
    case DeploymentKind::kEnable:
      return report.enabled && report.revision.size() == kRevisionSize;
    case DeploymentKind::kDelete:
      return report.revision.empty();
  }
  return false;
}

Step begin(Deployment row) {
  Operation operation;
  operation.row = std::move(row);
  return {std::move(operation), {Act::kSave}};
}

Step begin_failed(Deployment row, std::string reason, std::string message, Timestamp now) {
  Operation operation;
  operation.row = row;
  return record(std::move(operation), failed(std::move(row), std::move(reason), std::move(message), now));
}

Step begin_done(Deployment row, Timestamp now) {
  Operation operation;
  operation.row = row;
  return record(std::move(operation), succeeded(std::move(row), now));
}

Step step(Operation operation, const OperationEvent& event, Timestamp now) {
  switch (operation.phase) {
    case Phase::kSaving:
      return saving(std::move(operation), event);
    case Phase::kQueued:
      return queued(std::move(operation), event, now);
    case Phase::kRunning:
      return running(std::move(operation), event, now);
    case Phase::kRecording:
      return recording(std::move(operation), event);
    case Phase::kRemoving:
      return removing(std::move(operation), event);
    case Phase::kEnded:
      break;
  }
  return {std::move(operation), {}};
}

}  // namespace fieldline::deployment

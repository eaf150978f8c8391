// The life of an operation: every event in every phase.
#include "coordinator/deployment/operation.hpp"

#include <catch2/catch.hpp>

#include "common/base/hash.hpp"

namespace fieldline::deployment {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow(1'800'000'000s);
const Revision kRevision = blake2b_hex("config");

Deployment row(DeploymentKind kind = DeploymentKind::kDeploy) {
  Deployment made;
  made.id = "d1";
  made.instance = "pump";
  made.site = "north";
  made.kind = kind;
  if (kind == DeploymentKind::kDeploy) made.revision = kRevision;
  return made;
}

Report success(DeploymentKind kind = DeploymentKind::kDeploy) {
  Report report;
  report.success = true;
  report.instance = "pump";
  report.enabled = kind != DeploymentKind::kDisable;
  if (kind != DeploymentKind::kDelete) report.revision = kRevision;
  return report;
}

Report refusal() {
  Report report;
  report.reason = "does-not-compile";
  report.message = "line 3";
  report.stage = Stage::kCompiled;
  report.findings = {{"lua", "line 3", "scripts/Start:3"}};
  return report;
}

Failure disk_full() {
  return fail(ErrorCode::kExhausted, "the disk is full");
}

// Each event, good and bad.
std::vector<OperationEvent> all_events() {
  return {Saved{},          NotSaved{},          Sent{},
          AcceptedByNode{}, Reported{success()}, Stopped{"connection-lost", "gone"},
          Overdue{},        Recorded{{}},        Removed{{}}};
}

Operation in(Phase phase, DeploymentKind kind = DeploymentKind::kDeploy) {
  auto operation = begin(row(kind)).next;
  const std::vector<std::pair<Phase, OperationEvent>> path{{Phase::kSaving, Saved{}},
                                                           {Phase::kQueued, Sent{}},
                                                           {Phase::kRunning, Reported{success(kind)}},
                                                           {Phase::kRecording, Recorded{{}}},
                                                           {Phase::kRemoving, Removed{{}}}};
  for (const auto& [at, event] : path) {
    if (operation.phase == phase) break;
    if (operation.phase == at) operation = step(operation, event, kNow).next;
  }
  REQUIRE(operation.phase == phase);
  return operation;
}

using Acts = std::vector<Act>;

TEST_CASE("a deployment that goes well") {
  auto now = begin(row());
  CHECK(now.acts == Acts{Act::kSave});
  CHECK(now.next.row.state == DeploymentState::kPending);
  now = step(now.next, Saved{}, kNow);
  CHECK(now.acts == Acts{Act::kPublish, Act::kAnswer, Act::kSend});
  CHECK(now.next.row.state == DeploymentState::kPending);
  now = step(now.next, Sent{}, kNow);
  CHECK(now.acts == Acts{Act::kArm, Act::kPublish});
  CHECK(now.next.row.state == DeploymentState::kInProgress);
  CHECK(now.next.row.stage == Stage::kSent);
  now = step(now.next, AcceptedByNode{}, kNow);
  CHECK(now.acts == Acts{Act::kPublish});
  CHECK(now.next.row.stage == Stage::kAccepted);
  now = step(now.next, Reported{success()}, kNow);
  CHECK(now.acts == Acts{Act::kRecord});
  // Not a success before it is on the disk.
  CHECK(now.next.row.state == DeploymentState::kInProgress);
  CHECK(now.next.verdict.state == DeploymentState::kSuccess);
  now = step(now.next, Recorded{{}}, kNow);
  CHECK(now.acts == Acts{Act::kPublish, Act::kFinish});
  CHECK(now.next.row.state == DeploymentState::kSuccess);
  CHECK(now.next.row.stage == Stage::kDone);
  CHECK(now.next.row.finished == kNow);
}

TEST_CASE("every event in every phase either is drawn or changes nothing") {
  // For each phase, the numbers of the events that it knows, as all_events() lists them.
  const std::vector<std::pair<Phase, std::vector<std::size_t>>> drawn{
      {Phase::kSaving, {0, 1}}, {Phase::kQueued, {2, 5}}, {Phase::kRunning, {3, 4, 5, 6}},
      {Phase::kRecording, {7}}, {Phase::kRemoving, {8}},  {Phase::kEnded, {}}};
  const auto events = all_events();
  for (const auto& [phase, known] : drawn) {
    const auto kind = phase == Phase::kRemoving ? DeploymentKind::kDelete : DeploymentKind::kDeploy;
    for (std::size_t i = 0; i < events.size(); ++i) {
      INFO("phase " << static_cast<int>(phase) << ", event " << i);
      const auto before = in(phase, kind);
      const auto after = step(before, events[i], kNow);
      const bool expected = std::find(known.begin(), known.end(), i) != known.end();
      CHECK(after.acts.empty() != expected);
      if (!expected) {
        CHECK(after.next.phase == before.phase);
        CHECK(after.next.row == before.row);
      }
    }
  }
}

TEST_CASE("no operation goes on after its end, finishes twice or answers twice") {
  // All paths of up to six events.
  const auto events = all_events();
  const std::function<void(const Operation&, int, int, int)> walk = [&](const Operation& at, int depth,
                                                                        int answers, int finishes) {
    REQUIRE(answers <= 1);
    REQUIRE(finishes <= 1);
    REQUIRE((at.phase == Phase::kEnded) == (finishes == 1));
    if (at.phase == Phase::kEnded) REQUIRE(answers == 1);
    if (depth == 0) return;
    for (const auto& event : events) {
      const auto next = step(at, event, kNow);
      int answered = answers;
      int finished = finishes;
      for (const auto act : next.acts) {
        if (act == Act::kAnswer || act == Act::kRefuse) ++answered;
        if (act == Act::kFinish) ++finished;
      }
      if (next.acts.empty() && next.next.phase == at.phase) continue;
      walk(next.next, depth - 1, answered, finished);
    }
  };
  walk(begin(row()).next, 6, 0, 0);
  walk(begin(row(DeploymentKind::kDelete)).next, 6, 0, 0);
  walk(begin_failed(row(), "site-unreachable", "", kNow).next, 6, 0, 0);
  walk(begin_done(row(DeploymentKind::kDelete), kNow).next, 6, 0, 0);
}

TEST_CASE("what can't be made restart-proof is refused and nothing is sent") {
  const auto now = step(in(Phase::kSaving), NotSaved{}, kNow);
  CHECK(now.acts == Acts{Act::kRefuse, Act::kFinish});
}

TEST_CASE("an operation fails with the reason of what stopped it") {
  SECTION("before it was sent") {
    const auto now = step(in(Phase::kQueued), Stopped{"connection-lost", "gone"}, kNow);
    CHECK(now.acts == Acts{Act::kRecord});
    CHECK(now.next.verdict.state == DeploymentState::kFailed);
    CHECK(now.next.verdict.reason == "connection-lost");
    CHECK(now.next.verdict.stage == Stage::kQueued);
  }
  SECTION("after it was sent") {
    const auto now = step(in(Phase::kRunning), Stopped{"connection-lost", "gone"}, kNow);
    CHECK(now.next.verdict.reason == "connection-lost");
    CHECK(now.next.verdict.stage == Stage::kSent);
  }
  SECTION("no answer: it is withdrawn, and the node asked what it runs") {
    const auto now = step(in(Phase::kRunning), Overdue{}, kNow);
    CHECK(now.acts == Acts{Act::kWithdraw, Act::kCompare, Act::kRecord});
    CHECK(now.next.verdict.reason == "no-answer");
  }
  SECTION("the node refuses") {
    const auto now = step(in(Phase::kRunning), Reported{refusal()}, kNow);
    CHECK(now.next.verdict.state == DeploymentState::kFailed);
    CHECK(now.next.verdict.reason == "does-not-compile");
    CHECK(now.next.verdict.stage == Stage::kCompiled);
    CHECK(now.next.verdict.findings.size() == 1);
  }
  SECTION("at once: the asker hears of it once it is recorded") {
    auto now = begin_failed(row(), "site-unreachable", "no node", kNow);
    CHECK(now.acts == Acts{Act::kRecord});
    now = step(now.next, Recorded{{}}, kNow);
    CHECK(now.acts == Acts{Act::kPublish, Act::kAnswer, Act::kFinish});
    CHECK(now.next.row.reason == "site-unreachable");
  }
}

TEST_CASE("a failure that can't be recorded is a failure still, a success is not called one") {
  auto failed = step(in(Phase::kRunning), Overdue{}, kNow);
  failed = step(failed.next, Recorded{disk_full()}, kNow);
  CHECK(failed.next.row.reason == "no-answer");
  const auto done = step(in(Phase::kRecording), Recorded{disk_full()}, kNow);
  CHECK(done.next.row.state == DeploymentState::kFailed);
  CHECK(done.next.row.reason == "not-recorded");
}

TEST_CASE("a report of success confirms only what was ordered") {
  using Kind = DeploymentKind;
  for (const auto kind : {Kind::kDeploy, Kind::kDisable, Kind::kEnable, Kind::kDelete}) {
    CHECK(confirms(success(kind), row(kind)));
  }
  auto other = success();
  other.revision = blake2b_hex("another");
  CHECK_FALSE(confirms(other, row()));
  CHECK_FALSE(confirms(success(Kind::kEnable), row(Kind::kDisable)));
  CHECK_FALSE(confirms(success(Kind::kDisable), row(Kind::kEnable)));
  CHECK_FALSE(confirms(success(Kind::kEnable), row(Kind::kDelete)));
  CHECK_FALSE(confirms(success(Kind::kDelete), row(Kind::kEnable)));
  const auto now = step(in(Phase::kRunning), Reported{other}, kNow);
  CHECK(now.next.verdict.reason == "wrong-report");
  CHECK(now.acts == Acts{Act::kCompare, Act::kRecord});
}

TEST_CASE("a delete removes the document only once the site's confirmation is on the disk") {
  auto now =
      step(in(Phase::kRunning, DeploymentKind::kDelete), Reported{success(DeploymentKind::kDelete)}, kNow);
  CHECK(now.acts == Acts{Act::kRecord});
  now = step(now.next, Recorded{{}}, kNow);
  CHECK(now.acts == Acts{Act::kRemove});
  CHECK(now.next.row.open());
  const auto removed = step(now.next, Removed{{}}, kNow);
  CHECK(removed.next.row.state == DeploymentState::kSuccess);
  const auto kept = step(now.next, Removed{disk_full()}, kNow);
  CHECK(kept.next.row.reason == "not-removed");
  // Not confirmed: not removed.
  now = step(in(Phase::kRunning, DeploymentKind::kDelete), Overdue{}, kNow);
  now = step(now.next, Recorded{{}}, kNow);
  CHECK(now.acts == Acts{Act::kPublish, Act::kFinish});
}

}  // namespace
}  // namespace fieldline::deployment

#include "agent/pair/role.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "agent/pair/limits.hpp"

using namespace fieldline;
using namespace fieldline::pair;
using namespace std::chrono_literals;

namespace {

constexpr Moment at(Duration since_start) {
  return {Instant(since_start), Timestamp(since_start)};
}

template <class Kind>
std::vector<Kind> of(const Actions& actions) {
  std::vector<Kind> found;
  for (const auto& action : actions) {
    if (const auto* one = std::get_if<Kind>(&action)) found.push_back(*one);
  }
  return found;
}

// The requests among what goes to the coordinator.
std::vector<VoteRequest> requests(const Actions& actions) {
  std::vector<VoteRequest> found;
  for (const auto& mail : of<ToCentral>(actions)) {
    if (const auto* request = std::get_if<VoteRequest>(&mail.message)) found.push_back(*request);
  }
  return found;
}

// The refusals and grants that go to the peer.
template <class Answer>
std::vector<Answer> answers(const Actions& actions) {
  std::vector<Answer> found;
  for (const auto& mail : of<ToPeer>(actions)) {
    if (const auto* answer = std::get_if<Answer>(&mail.message)) found.push_back(*answer);
  }
  return found;
}

State started() {
  Settings settings;
  settings.node = "a";
  settings.peer = "b";
  settings.preferred = true;
  return start(settings, {}, {}, at(0s));
}

// Active since 7 s, by the coordinator's grant of what was asked at 7 s.
State active() {
  auto state = started();
  const auto probes = requests(step(state, Tick{}, at(7s)));
  REQUIRE(probes.size() == 1);
  step(state, FromCentral{VoteGrant{probes[0].epoch, probes[0].number, true}}, at(7s));
  const auto asked = requests(step(state, VoteKept{true}, at(7s)));
  REQUIRE(asked.size() == 1);
  const auto begun = step(state, FromCentral{VoteGrant{asked[0].epoch, asked[0].number, false}}, at(7s));
  REQUIRE(of<BeginServing>(begun).size() == 1);
  return state;
}

}  // namespace

TEST_CASE("a node asks nobody before its boot hold is over") {
  auto state = started();
  CHECK(requests(step(state, Tick{}, at(6599ms))).empty());
  CHECK(state.phase == NodePhase::kBootHold);
  CHECK(requests(step(state, Tick{}, at(6600ms))).size() == 1);
  CHECK(state.phase == NodePhase::kStandby);
}

TEST_CASE("a node is active until 5.4 s after it asked, however late the answer came") {
  auto state = active();
  CHECK(may_act(state, Instant(7s)));
  const auto asked = requests(step(state, Tick{}, at(8s)));
  REQUIRE(asked.size() == 1);
  step(state, FromCentral{VoteGrant{asked[0].epoch, asked[0].number, false}}, at(12s));
  CHECK(may_act(state, Instant(13399ms)));
  CHECK_FALSE(may_act(state, Instant(13400ms)));
  const auto fenced = step(state, Tick{}, at(13400ms));
  CHECK(of<EndServing>(fenced).size() == 1);
  CHECK(state.phase == NodePhase::kFenced);
}

TEST_CASE("an answer that comes when the lease is over does not bring it back") {
  auto state = active();
  const auto asked = requests(step(state, Tick{}, at(12s)));
  REQUIRE(asked.size() == 1);
  const auto late = step(state, FromCentral{VoteGrant{asked[0].epoch, asked[0].number, false}}, at(12400ms));
  CHECK(of<EndServing>(late).size() == 1);
  CHECK_FALSE(may_act(state, Instant(12400ms)));
}

TEST_CASE("a vote is answered to the peer only when it is kept") {
  auto state = started();
  step(state, Tick{}, at(7s));
  const auto asked = step(state, FromPeer{VoteRequest{4, 6s, 1, false}}, at(8s));
  CHECK(of<KeepVote>(asked).size() == 1);
  CHECK(answers<VoteGrant>(asked).empty());
  CHECK(answers<VoteGrant>(step(state, VoteKept{true}, at(8s))) == std::vector{VoteGrant{4, 1, false}});
}

TEST_CASE("an active node keeps its vote for itself") {
  auto state = active();
  const auto asked = step(state, FromPeer{VoteRequest{4, 6s, 1, false}}, at(8s));
  CHECK(of<KeepVote>(asked).empty());
  REQUIRE(answers<VoteRefusal>(asked).size() == 1);
  CHECK(answers<VoteRefusal>(asked)[0].reason == VoteReason::kServing);
}

TEST_CASE("grants that were not asked for change nothing") {
  auto state = started();
  step(state, Tick{}, at(7s));
  for (const std::uint64_t epoch : {0, 1, 2}) {
    for (const std::uint64_t number : {0, 1, 2, 99}) {
      step(state, FromCentral{VoteGrant{epoch, number, false}}, at(7s));
      step(state, FromPeer{VoteGrant{epoch, number, false}}, at(7s));
    }
  }
  CHECK(state.phase == NodePhase::kStandby);
}

TEST_CASE("epochs out of all bounds do not use up those that are left") {
  auto state = active();
  const auto before = state.seen_epoch;
  const auto huge = kMaxEpoch + 1;
  step(state, FromPeer{PeerBeat{huge, NodePhase::kActive, {1, 1}}}, at(8s));
  step(state, FromPeer{PeerBeat{1, NodePhase::kStandby, {huge, 1}}}, at(8s));
  step(state, FromPeer{LeaseRelease{huge, true}}, at(8s));
  step(state, FromPeer{VoteRequest{huge, 6s, 1, false}}, at(8s));
  const auto asked = requests(step(state, Tick{}, at(9s)));
  step(state, FromCentral{VoteRefusal{asked[0].epoch, huge, asked[0].number, VoteReason::kOldEpoch, {}}},
       at(9s));
  CHECK(state.seen_epoch == before);
  CHECK(state.phase == NodePhase::kActive);
}

TEST_CASE("what a node remembers of its requests is bounded") {
  auto state = active();
  for (int i = 0; i < 1000; ++i) {
    const auto asked = step(state, Tick{}, {Instant(8s + i * 1s), Timestamp(8s + i * 1s)});
    for (const auto& request : requests(asked)) {
      const Moment moment{Instant(8s + i * 1s), Timestamp(8s + i * 1s)};
      if (!request.probe) step(state, FromCentral{VoteGrant{request.epoch, request.number, false}}, moment);
    }
    CHECK(state.asked.size() <= kAsked);
  }
  CHECK(state.phase == NodePhase::kActive);
}

TEST_CASE("an active node that was outbid asks in a later epoch and goes on") {
  auto state = active();
  const auto asked = requests(step(state, Tick{}, at(8s)));
  const auto told = step(
      state, FromPeer{VoteRefusal{asked[0].epoch, 6, asked[0].number, VoteReason::kOldEpoch, {}}}, at(8s));
  REQUIRE(of<KeepVote>(told).size() == 1);
  CHECK(of<KeepVote>(told)[0].vote.epoch == 7);
  const auto again = requests(step(state, VoteKept{true}, at(8s)));
  REQUIRE(again.size() == 1);
  CHECK(again[0].epoch == 7);
  CHECK(state.epoch == 1);
  const auto raised = step(state, FromPeer{VoteGrant{7, again[0].number, false}}, at(8s));
  REQUIRE(of<RaiseEpoch>(raised).size() == 1);
  CHECK(state.epoch == 7);
  CHECK(of<BeginServing>(raised).empty());
}

TEST_CASE("a node whose disk does not take its vote does not become active") {
  auto state = started();
  const auto probes = requests(step(state, Tick{}, at(7s)));
  step(state, FromCentral{VoteGrant{probes[0].epoch, probes[0].number, true}}, at(7s));
  REQUIRE(state.phase == NodePhase::kCandidate);
  CHECK(requests(step(state, VoteKept{false}, at(7s))).empty());
  CHECK(state.phase == NodePhase::kStandby);
}

TEST_CASE("a node that starts where its peer was active may lack rows, and records that it does not know") {
  Settings settings;
  settings.node = "a";
  settings.peer = "b";
  auto state = start(settings, {5, "b", 6s}, {4, 10}, at(0s));
  const auto probes = requests(step(state, Tick{}, at(7s)));
  step(state, FromCentral{VoteGrant{probes[0].epoch, probes[0].number, true}}, at(7s));
  const auto asked = requests(step(state, VoteKept{true}, at(7s)));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].epoch == 6);
  const auto windows =
      of<RecordWindow>(step(state, FromCentral{VoteGrant{6, asked[0].number, false}}, at(7s)));
  REQUIRE(windows.size() == 1);
  CHECK(windows[0].after == JournalPosition{4, 10});
  CHECK_FALSE(windows[0].rows);
}

TEST_CASE("a peer that steps aside or is fenced may write until it says that it has ended") {
  const auto last = GENERATE(NodePhase::kMaintenance, NodePhase::kFenced, NodePhase::kStandby);
  auto state = started();
  step(state, Reached{{5, 10}}, at(8s));
  step(state, FromPeer{PeerBeat{5, NodePhase::kActive, {5, 10}}}, at(8s));
  step(state, FromPeer{LeaseRelease{5, false}}, at(9s));
  step(state, FromPeer{PeerBeat{5, last, {5, 10}}}, at(9s));
  const auto probes = requests(step(state, Tick{}, at(16s)));
  REQUIRE(!probes.empty());
  step(state, FromCentral{VoteGrant{probes[0].epoch, probes[0].number, true}}, at(16s));
  const auto asked = requests(step(state, VoteKept{true}, at(16s)));
  REQUIRE(asked.size() == 1);
  const auto windows =
      of<RecordWindow>(step(state, FromCentral{VoteGrant{asked[0].epoch, asked[0].number, false}}, at(16s)));
  REQUIRE(windows.size() == (last == NodePhase::kStandby ? 0U : 1U));
  if (windows.empty()) return;
  CHECK(windows[0].rows == 0U);
  CHECK(windows[0].since == Timestamp(8s));
}

TEST_CASE("while a switch lasts no delivery is started, and when serving ended nothing may act") {
  auto state = active();
  step(state, FromPeer{PeerBeat{0, NodePhase::kStandby, {}}}, at(8s));
  CHECK(of<StopDeliveries>(step(state, Command::kSwitch, at(8s))).size() == 1);
  CHECK(may_act(state, Instant(8s)));
  CHECK_FALSE(may_deliver(state, Instant(8s)));
  CHECK(of<EndServing>(step(state, Drained{}, at(9s))).size() == 1);
  CHECK_FALSE(may_act(state, Instant(9s)));
  SECTION("the peer has every row") {
    const auto released = answers<LeaseRelease>(step(state, Stopped{}, at(9s)));
    REQUIRE(released.size() == 1);
    CHECK(released[0].handover);
  }
  SECTION("the peer does not get the last ones: half a lease later the node goes on") {
    step(state, Reached{{1, 5}}, at(9s));
    CHECK(answers<LeaseRelease>(step(state, Stopped{}, at(9s))).empty());
    const auto asked = requests(step(state, Tick{}, at(10s)));
    REQUIRE(asked.size() == 1);
    step(state, FromCentral{VoteGrant{asked[0].epoch, asked[0].number, false}}, at(10s));
    CHECK(of<BeginServing>(step(state, Tick{}, at(11999ms))).empty());
    CHECK(of<BeginServing>(step(state, Tick{}, at(12s))).size() == 1);
    CHECK(may_deliver(state, Instant(12s)));
  }
}

TEST_CASE("a switch is given up when the peer was started anew meanwhile") {
  auto state = active();
  step(state, FromPeer{PeerBeat{0, NodePhase::kStandby, {}}}, at(8s));
  step(state, Command::kSwitch, at(8s));
  SECTION("while deliveries end") {
    step(state, FromPeer{PeerBeat{0, NodePhase::kBootHold, {}}}, at(8500ms));
    CHECK(state.phase == NodePhase::kActive);
    CHECK(may_deliver(state, Instant(8500ms)));
  }
  SECTION("when nothing is served any more") {
    step(state, Drained{}, at(9s));
    step(state, FromPeer{PeerBeat{0, NodePhase::kBootHold, {}}}, at(9s));
    CHECK(state.phase == NodePhase::kDraining);
    const auto actions = step(state, Stopped{}, at(9s));
    CHECK(answers<LeaseRelease>(actions).empty());
    CHECK(of<BeginServing>(actions).size() == 1);
    CHECK(state.phase == NodePhase::kActive);
  }
}

TEST_CASE("a switch that can't be made is refused with words that say why") {
  auto state = active();
  const auto why = [&](Duration when) {
    const auto refusals = of<RefuseCommand>(step(state, Command::kSwitch, at(when)));
    return refusals.empty() ? std::string() : std::string(refusals.front().message);
  };
  CHECK(why(7s) == "the other node is not connected to it");
  step(state, FromPeer{PeerBeat{0, NodePhase::kMaintenance, {}}}, at(8s));
  CHECK(why(8s) == "the other node is in maintenance");
  step(state, FromPeer{PeerBeat{0, NodePhase::kSyncing, {}}}, at(8s));
  CHECK(why(8s) == "the other node does not stand by in step");
  step(state, FromPeer{PeerBeat{0, NodePhase::kStandby, {}}}, at(8s));
  CHECK(why(11001ms) == "the other node is not connected to it");
  CHECK(state.phase == NodePhase::kActive);
}

TEST_CASE("a node in maintenance never becomes active, until it is taken back") {
  auto state = started();
  step(state, Tick{}, at(7s));
  step(state, Command::kEnterMaintenance, at(8s));
  CHECK(state.phase == NodePhase::kMaintenance);
  for (auto time = 9s; time < 60s; ++time) CHECK(requests(step(state, Tick{}, at(time))).empty());
  step(state, Command::kLeaveMaintenance, at(60s));
  CHECK_FALSE(requests(step(state, Tick{}, at(90s))).empty());
}

TEST_CASE("a peer that served unheard may still write while it stops, whatever is heard of it first") {
  auto state = started();
  state.unheard = true;
  step(state, FromPeer{PeerBeat{3, NodePhase::kFenced, {3, 9}}}, at(7s));
  CHECK(state.peer.writes);
  step(state, FromPeer{PeerBeat{3, NodePhase::kStandby, {3, 9}}}, at(8s));
  CHECK_FALSE(state.peer.writes);
}

TEST_CASE("a node that stops gives its lease back, and takes no part meanwhile") {
  auto state = active();
  const auto actions = step(state, Command::kStop, at(8s));
  CHECK(of<EndServing>(actions).size() == 1);
  CHECK(answers<LeaseRelease>(actions).size() == 1);
  CHECK(state.phase == NodePhase::kMaintenance);
  CHECK_FALSE(may_act(state, at(8s).now));
  for (auto time = 9s; time < 60s; ++time) CHECK(requests(step(state, Tick{}, at(time))).empty());
}

TEST_CASE("no command brings a node back that takes no part any more") {
  auto state = started();
  step(state, Disowned{"another node bears its name"}, at(7s));
  CHECK(of<RefuseCommand>(step(state, Command::kEnterMaintenance, at(8s))).size() == 1);
  step(state, Command::kLeaveMaintenance, at(9s));
  CHECK(state.phase == NodePhase::kTerminated);
}

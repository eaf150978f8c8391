#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/sim/pair_world.hpp"

using namespace fieldline;
using namespace fieldline::sim;
using namespace std::chrono_literals;

namespace {

// A pair at work, a active.
void settle_with_a(PairWorld& world) {
  world.start(kC);
  world.start(kA);
  REQUIRE(world.run_until([&] { return world.acts(kA); }, 20s));
  world.start(kB);
  world.run_for(20s);
  REQUIRE(world.acts(kA));
  REQUIRE(world.phase(kB) == NodePhase::kStandby);
}

bool told_alarm(const PairWorld& world, std::size_t node, std::string_view code) {
  const auto alarms = world.told<pair::Alarm>(node);
  return std::any_of(alarms.begin(), alarms.end(), [&](const auto& alarm) { return alarm.code == code; });
}

}  // namespace

TEST_CASE("a killed active is replaced in about seven seconds") {
  std::vector<Duration> spans;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    PairWorld world(seed);
    world.set_weather({50ms, 0.01, 0.01});
    settle_with_a(world);
    world.run_for(Duration(static_cast<std::int64_t>(world.random.below(1'000'000))));
    const auto killed = world.true_now();
    world.crash(kA);
    CAPTURE(seed);
    REQUIRE(world.run_until([&] { return world.acts(kB); }, 30s));
    spans.push_back(world.true_now() - killed);
    REQUIRE(world.fault() == "");
  }
  std::sort(spans.begin(), spans.end());
  const auto median = spans[spans.size() / 2];
  const auto slowest = spans[spans.size() * 99 / 100];
  INFO("half within " << median / 1ms << " ms, 99 of 100 within " << slowest / 1ms << " ms, the slowest "
                      << spans.back() / 1ms << " ms");
  CHECK(median < 7s);
  CHECK(slowest < 11s);
}

TEST_CASE("without the coordinator the active goes on with its peer's vote, even while that restarts") {
  PairWorld world(1);
  settle_with_a(world);
  world.crash(kC);
  world.run_for(60s);
  CHECK(world.acts(kA));
  const auto vacant = world.vacant();
  world.crash(kB);
  world.run_for(2s);
  world.start(kB);
  world.run_for(60s);
  CHECK(world.acts(kA));
  CHECK(world.vacant() == vacant);
}

TEST_CASE("with the peer link cut the active goes on with the coordinator's vote") {
  PairWorld world(1);
  settle_with_a(world);
  world.cut(kA, kB);
  world.cut(kB, kA);
  world.run_for(60s);
  CHECK(world.acts(kA));
  CHECK(world.phase(kB) == NodePhase::kStandby);
  CHECK(world.promotions() == 1);
}

TEST_CASE("an active that loses both fences itself before the other two promote the standby") {
  PairWorld world(1);
  settle_with_a(world);
  for (std::size_t other : {kB, kC}) {
    world.cut(kA, other);
    world.cut(other, kA);
  }
  REQUIRE(world.run_until([&] { return !world.acts(kA); }, 6s));
  REQUIRE(world.run_until([&] { return world.acts(kB); }, 6s));
  CHECK(world.node(kB).state->epoch > world.node(kA).disk.epoch);
  SECTION("and does not take over again when it returns: there is no failback") {
    world.heal();
    world.run_for(60s);
    CHECK(world.acts(kB));
    CHECK(world.phase(kA) == NodePhase::kStandby);
  }
  CHECK(world.fault() == "");
}

TEST_CASE("after both restart the one that is further in the journal goes first, then the preferred one") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    PairWorld world(seed);
    settle_with_a(world);
    const bool lagging = seed % 2 == 0;
    if (lagging) {
      // Only b's journal goes on.
      world.crash(kA);
      REQUIRE(world.run_until([&] { return world.acts(kB); }, 20s));
      world.run_for(5s);
    }
    world.crash(kA);
    world.crash(kB);
    world.start(kA);
    world.run_for(Duration(static_cast<std::int64_t>(world.random.below(5'000'000))));
    world.start(kB);
    REQUIRE(world.run_until([&] { return !world.acting().empty(); }, 30s));
    if (lagging) CHECK(world.acts(kB));
    if (!lagging && world.node(kA).journal >= world.node(kB).journal) CHECK(world.acts(kA));
    CHECK(world.fault() == "");
  }
}

TEST_CASE("a wall clock that jumps raises an alarm and changes no role") {
  PairWorld world(1);
  settle_with_a(world);
  const Duration by = GENERATE(Duration(24h), Duration(-24h), Duration(3s));
  world.jump_wall_clock(kA, by);
  world.run_for(30s);
  CHECK(told_alarm(world, kA, "clock-jump"));
  CHECK(world.acts(kA));
  CHECK(world.promotions() == 1);
}

TEST_CASE("a planned switch leaves nobody active for a second at most, and loses no row") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    PairWorld world(seed);
    settle_with_a(world);
    const auto vacant = world.vacant();
    world.command(kA, pair::Command::kSwitch);
    CHECK_FALSE(pair::may_deliver(*world.node(kA).state, world.node(kA).clock.now()));
    REQUIRE(world.run_until([&] { return world.acts(kB); }, 10s));
    CHECK(world.vacant() - vacant <= 1s);
    CHECK(world.told<pair::RecordWindow>(kB).empty());
    world.run_for(20s);
    CHECK(world.acts(kB));
    CHECK(world.phase(kA) == NodePhase::kStandby);
    CHECK(world.fault() == "");
  }
}

TEST_CASE("a planned switch without a standby is refused, and one that gets nowhere is given up") {
  PairWorld world(1);
  settle_with_a(world);
  SECTION("no peer") {
    world.crash(kB);
    world.run_for(10s);
    world.command(kA, pair::Command::kSwitch);
    CHECK(world.told<pair::RefuseCommand>(kA).size() == 1);
  }
  SECTION("asked at the standby") {
    world.command(kB, pair::Command::kSwitch);
    CHECK(world.told<pair::RefuseCommand>(kB).size() == 1);
  }
  SECTION("the peer is gone meanwhile") {
    world.command(kA, pair::Command::kSwitch);
    CHECK(world.phase(kA) == NodePhase::kDraining);
    world.crash(kB);
    world.run_for(40s);
    CHECK(told_alarm(world, kA, "switch-failed"));
    CHECK(pair::may_deliver(*world.node(kA).state, world.node(kA).clock.now()));
  }
  CHECK(world.acts(kA));
}

TEST_CASE("a promotion without rows that the peer had records which") {
  PairWorld world(1);
  settle_with_a(world);
  // b hears a's beats, and is told of rows that it does not get.
  world.set_weather({5ms, 0.4, 0});
  REQUIRE(world.run_until(
      [&] { return world.acts(kA) && world.node(kB).state->peer.position > world.node(kB).journal; }, 10min));
  const auto lacking = world.node(kB).journal;
  world.set_weather({});
  world.crash(kA);
  REQUIRE(world.run_until([&] { return world.acts(kB); }, 20s));
  const auto windows = world.told<pair::RecordWindow>(kB);
  REQUIRE(windows.size() == 1);
  CHECK(windows.front().after == lacking);
  CHECK(windows.front().epoch == world.node(kB).state->epoch);
  CHECK(windows.front().rows > 0U);
}

TEST_CASE("a strict site has rather no active node than one that lacks rows") {
  PairWorld world(1);
  world.settings(kA).strict = world.settings(kB).strict = true;
  settle_with_a(world);
  world.set_weather({5ms, 0.4, 0});
  REQUIRE(world.run_until(
      [&] { return world.acts(kA) && world.node(kB).state->peer.position > world.node(kB).journal; }, 10min));
  world.set_weather({});
  world.crash(kA);
  world.run_for(60s);
  CHECK(world.acting().empty());
  CHECK(told_alarm(world, kB, "promotion-refused"));
  CHECK(world.told<pair::Alarm>(kB).size() == 1);
  world.start(kA);
  world.run_for(30s);
  CHECK(world.acts(kA));
}

TEST_CASE("a promotion after a kill tells since when rows may be missing: the last beat or so") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    PairWorld world(seed);
    settle_with_a(world);
    world.run_for(Duration(static_cast<std::int64_t>(world.random.below(1'000'000))));
    const auto killed = world.node(kB).clock.utc();
    world.crash(kA);
    REQUIRE(world.run_until([&] { return world.acts(kB); }, 20s));
    const auto windows = world.told<pair::RecordWindow>(kB);
    CAPTURE(seed);
    REQUIRE(windows.size() == 1);
    REQUIRE(windows.front().since);
    CHECK(*windows.front().since < killed);
    CHECK(killed - *windows.front().since < 4s);
  }
}

TEST_CASE("what a peer kept while only the coordinator heard it is missing, and a strict site knows") {
  PairWorld world(1);
  const bool strict = GENERATE(false, true);
  const bool restarted = GENERATE(false, true);
  world.settings(kA).strict = world.settings(kB).strict = strict;
  settle_with_a(world);
  const auto cut = world.node(kB).clock.utc();
  world.cut(kA, kB);
  world.cut(kB, kA);
  if (restarted) {
    world.crash(kB);
    world.start(kB);
  }
  world.run_for(60s);
  REQUIRE(world.acts(kA));
  CHECK_FALSE(told_alarm(world, kB, "promotion-refused"));
  CHECK_FALSE(world.node(kB).state->held_back);
  world.crash(kA);
  world.run_for(30s);
  REQUIRE(world.acts(kB) == !strict);
  CHECK(world.node(kB).state->held_back == strict);
  if (strict) {
    CHECK(told_alarm(world, kB, "promotion-refused"));
    // The peer is back, and brings what it kept.
    world.heal();
    world.start(kA);
    world.run_for(30s);
    CHECK((world.acts(kA) || world.acts(kB)));
    CHECK_FALSE(world.node(kB).state->held_back);
    return;
  }
  const auto windows = world.told<pair::RecordWindow>(kB);
  REQUIRE(windows.size() == 1);
  CHECK(windows.front().since.has_value() == !restarted);
  if (!restarted) CHECK(*windows.front().since < cut);
}

TEST_CASE("a strict standby that starts beside a dead peer does not know what that kept") {
  PairWorld world(1);
  world.settings(kA).strict = world.settings(kB).strict = true;
  settle_with_a(world);
  world.crash(kA);
  world.crash(kB);
  world.start(kB);
  world.run_for(60s);
  CHECK(world.acting().empty());
  CHECK(world.node(kB).state->held_back);
  world.start(kA);
  world.run_for(30s);
  CHECK(world.acting().size() == 1);
}

TEST_CASE("a strict node that served last goes on after its restart, alone or not") {
  PairWorld world(1);
  const bool alone = GENERATE(false, true);
  world.settings(kA).strict = world.settings(kB).strict = true;
  settle_with_a(world);
  world.crash(kB);
  world.crash(kA);
  world.start(kA);
  if (!alone) world.start(kB);
  world.run_for(30s);
  CHECK(world.acts(kA));
  CHECK(world.told<pair::RecordWindow>(kA).empty());
}

TEST_CASE("a lone survivor becomes active without a vote, and goes back to leases when it hears one") {
  PairWorld world(1);
  const bool opted = GENERATE(false, true);
  world.settings(kA).lone_survivor = world.settings(kB).lone_survivor = opted;
  settle_with_a(world);
  world.crash(kA);
  world.crash(kC);
  world.run_for(50s);
  CHECK(world.acting().empty());
  world.run_for(30s);
  REQUIRE(world.acts(kB) == opted);
  world.start(kC);
  world.run_for(20s);
  CHECK(world.acts(kB));
  CHECK_FALSE(world.node(kB).state->unleased);
  CHECK(world.fault() == "");
}

TEST_CASE("fixed roles ask nobody") {
  PairWorld world(1);
  world.settings(kA).control = pair::Control::kFixedActive;
  world.settings(kB).control = pair::Control::kFixedStandby;
  world.start(kA);
  world.start(kB);
  world.run_for(1s);
  CHECK(world.acts(kA));
  world.crash(kA);
  world.run_for(60s);
  CHECK(world.acting().empty());
  world.start(kA);
  world.run_for(1s);
  CHECK(world.acts(kA));
  CHECK(world.node(kA).state->epoch == 2);
}

TEST_CASE("two nodes that are both fixed as active say so") {
  PairWorld world(1);
  world.settings(kA).control = world.settings(kB).control = pair::Control::kFixedActive;
  world.start(kA);
  world.start(kB);
  world.run_for(3s);
  CHECK(told_alarm(world, kA, "two-active"));
  CHECK(world.acts(kA));
}

TEST_CASE("the only node of a site is active at once") {
  PairWorld world(1);
  world.settings(kA).peer = "";
  world.start(kA);
  world.run_for(100ms);
  CHECK(world.acts(kA));
  world.crash(kA, true);
  world.start(kA);
  world.run_for(100ms);
  CHECK(world.acts(kA));
}

TEST_CASE("a node in maintenance hands over, votes, and does not become active") {
  PairWorld world(1);
  settle_with_a(world);
  world.command(kA, pair::Command::kEnterMaintenance);
  CHECK_FALSE(world.acts(kA));
  REQUIRE(world.run_until([&] { return world.acts(kB); }, 10s));
  world.crash(kC);
  world.run_for(30s);
  CHECK(world.acts(kB));
  world.crash(kB);
  world.start(kC);
  world.run_for(60s);
  CHECK(world.acting().empty());
  world.command(kA, pair::Command::kLeaveMaintenance);
  world.run_for(10s);
  CHECK(world.acts(kA));
}

TEST_CASE("a node that may not take part ends at once, and only a restart brings it back") {
  PairWorld world(1);
  settle_with_a(world);
  world.disown(kA);
  CHECK_FALSE(world.acts(kA));
  CHECK(told_alarm(world, kA, "terminated"));
  world.run_for(60s);
  CHECK(world.phase(kA) == NodePhase::kTerminated);
  CHECK(world.acts(kB));
  world.crash(kA);
  world.start(kA);
  world.run_for(60s);
  CHECK(world.phase(kA) == NodePhase::kStandby);
}

TEST_CASE("an active that was outbid by a failed attempt raises its epoch and keeps both voters") {
  PairWorld world(1);
  settle_with_a(world);
  // b votes for itself in a later epoch, because the coordinator would vote for it, and then hears a.
  world.crash(kC);
  world.cut(kA, kB);
  world.run_for(4s);
  world.heal();
  world.start(kC);
  world.run_for(30s);
  // Whatever came of that: either voter alone is enough.
  REQUIRE(world.acting().size() == 1);
  const auto active = world.acting().front();
  const auto promotions = world.promotions();
  world.cut(active, kC);
  world.run_for(20s);
  world.heal();
  world.run_for(20s);
  world.cut(kA, kB);
  world.run_for(20s);
  CHECK(world.acts(active));
  CHECK(world.promotions() == promotions);
  CHECK(world.fault() == "");
}

#include "agent/replica/replica.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/agent/replica/replica_node.hpp"

using namespace fieldline;
using namespace fieldline::replica;
using namespace std::chrono_literals;
using Bodies = std::vector<std::string>;

TEST_CASE("a standby has within a second what the active node accepted, and the active node knows") {
  ReplicaWorld world;
  world.begin();
  const auto first = world.a.accept("first");
  world.a.accept("second");
  const auto third = world.a.accept("third");
  REQUIRE(world.in_line(world.a, world.b, 1100ms));
  CHECK(world.b.bodies() == Bodies{"first", "second", "third"});
  CHECK(world.b.waiting().front().message.id == first);
  world.a.deliver(first);
  world.a.park(third);
  REQUIRE(world.in_line(world.a, world.b, 1100ms));
  CHECK(world.b.bodies() == Bodies{"second"});
  CHECK(world.b.ending(first) == journal::Ending::kDelivered);
  CHECK(world.b.parked() == 1);
  CHECK(world.a.state() == ReplicationState::kFed);
}

TEST_CASE("a standby that was away fetches what it missed, page by page, and follows again") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("before");
  REQUIRE(world.in_line(world.a, world.b));
  world.b.kill();
  world.a.accept_many(3000);
  world.time.run_for(10s);
  CHECK(world.a.state() == ReplicationState::kUnheard);
  CHECK(*world.a.replica().health().lag_rows >= 3000);
  CHECK(*world.a.replica().health().lag >= 9s);
  world.b.start();
  world.b.stand_by();
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.replica().follower().snapshots == 0);
  world.a.accept("after");
  REQUIRE(world.in_line(world.a, world.b, 1100ms));
  CHECK(world.b.bodies() == world.a.bodies());
  CHECK(world.b.bodies().size() == 3002);
}

TEST_CASE("what the stream drops where it is full is fetched") {
  ReplicaWorld world;
  world.begin();
  world.network.stall("b");
  for (int i = 0; i < 600; ++i) world.a.accept("burst " + std::to_string(i));
  world.network.resume("b");
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.replica().follower().resyncs > 0);
  CHECK(world.b.bodies().size() == 600);
}

TEST_CASE("a lost tail is seen by the beacon, though nothing comes behind it") {
  ReplicaWorld world;
  world.begin();
  world.network.set_weather("a", "b", {.loss = 1});
  world.a.accept("lost on its way");
  world.time.run_for(100ms);
  world.network.set_weather("a", "b", {});
  REQUIRE(world.in_line(world.a, world.b, 5s));
  CHECK(world.b.bodies() == Bodies{"lost on its way"});
}

TEST_CASE("of another journal a standby takes everything, and what was gone there goes") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("of the first disk");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.replace_disk();
  world.a.serve(2);
  world.a.accept("of the second disk");
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.replica().follower().snapshots == 2);
  // The standby still had it, so it is not lost: the active node has got it back.
  REQUIRE(world.time.run_until([&] { return world.a.bodies().size() == 2; }, 20s));
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.bodies().size() == 2);
}

TEST_CASE(
    "a journal that was set back is noticed, however fast it grows; what it lost comes from the standby") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("before");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.copy_disk();
  const auto lost = world.a.accept("lost");
  world.a.accept_many(20);
  REQUIRE(world.in_line(world.a, world.b));
  world.a.set_back();
  world.a.serve(2);
  const bool standby_restarts = GENERATE(false, true);
  if (standby_restarts) {
    world.b.restart();
    world.b.stand_by();
  }
  world.time.run_for(2s);
  world.a.accept_many(40);
  REQUIRE(world.time.run_until([&] { return world.a.bodies().size() == 62; }, 20s));
  REQUIRE(world.in_line(world.a, world.b));
  auto mine = world.a.bodies();
  auto theirs = world.b.bodies();
  CHECK(mine == theirs);
  CHECK(std::count(mine.begin(), mine.end(), "lost") == 1);
  CHECK(world.b.replica().follower().snapshots >= 1);
  world.a.deliver(lost);
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.bodies().size() == 61);
}

TEST_CASE("of a standby that knows that its journal was set back nothing is taken for known") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("before");
  REQUIRE(world.in_line(world.a, world.b));
  world.b.copy_disk();
  world.a.accept("acknowledged, and lost there");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.kill();
  world.b.set_back(true);
  CHECK(world.b.journal().followed().place > 0);
  world.b.serve(2);
  world.b.accept("after");
  world.a.start();
  world.a.stand_by();
  REQUIRE(world.time.run_until([&] { return world.b.bodies().size() == 3; }, 20s));
  REQUIRE(world.in_line(world.b, world.a));
  CHECK(world.a.bodies().size() == 3);
}

TEST_CASE(
    "a node that knows that its journal was set back gives no id again, and gets back what its standby has") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("before");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.copy_disk();
  const auto lost = world.a.accept("lost");
  REQUIRE(world.in_line(world.a, world.b));
  const auto reached = world.b.journal().position();
  world.a.set_back(true);
  CHECK(world.a.journal().position() < reached);
  world.a.serve(1);
  const auto next = world.a.accept("next");
  CHECK(next.sequence > lost.sequence);
  CHECK(next.epoch == lost.epoch);
  REQUIRE(world.time.run_until([&] { return world.a.bodies().size() == 3; }, 20s));
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.bodies().size() == 3);
}

TEST_CASE("what an active node accepted last and nobody got comes home when it stands by again") {
  ReplicaWorld world;
  world.begin();
  const auto shared = world.a.accept("shared");
  REQUIRE(world.in_line(world.a, world.b));
  world.cut();
  const auto tail = world.a.accept("tail");
  world.a.kill();
  world.b.serve(2);
  world.b.deliver(shared);
  const auto later = world.b.accept("later");
  world.heal();
  world.a.start();
  world.a.stand_by();
  REQUIRE(world.in_line(world.b, world.a));
  REQUIRE(world.time.run_until([&] { return world.b.bodies().size() == 2; }, 20s));
  CHECK(world.b.bodies() == Bodies{"later", "tail"});
  CHECK(world.b.waiting().back().message.id == tail);
  world.b.deliver(tail);
  world.b.deliver(later);
  REQUIRE(world.in_line(world.b, world.a));
  CHECK(world.a.bodies().empty());
  CHECK(world.a.ending(tail) == journal::Ending::kDelivered);
  CHECK(world.a.ending(shared) == journal::Ending::kDelivered);
}

TEST_CASE("what an old active node delivered, and could not say, is not brought back by it") {
  ReplicaWorld world;
  world.begin();
  const auto one = world.a.accept("one");
  REQUIRE(world.in_line(world.a, world.b));
  world.cut();
  world.a.deliver(one);
  world.a.kill();
  world.b.serve(2);
  world.b.deliver(one);
  world.heal();
  world.a.start();
  world.a.stand_by();
  REQUIRE(world.in_line(world.b, world.a));
  world.time.run_for(10s);
  CHECK(world.a.bodies().empty());
  CHECK(world.b.bodies().empty());
}

TEST_CASE("a standby does not follow a node that is active in an older epoch than it was itself") {
  ReplicaWorld world;
  world.begin(3);
  world.cut();
  world.b.serve(4);
  world.a.accept("too late");
  world.b.stand_by();
  world.heal();
  world.time.run_for(10s);
  CHECK(world.b.bodies().empty());
  CHECK(world.b.replica().follower().refused > 0);
}

TEST_CASE("pages do not come faster than the rate that is set") {
  ReplicaWorld world;
  world.a.resync_rate = 100'000;
  world.a.restart();
  world.a.serve(1);
  world.a.accept_many(500, 1000);
  world.b.stand_by();
  REQUIRE_FALSE(world.in_line(world.a, world.b, 4s));
  REQUIRE(world.in_line(world.a, world.b, 6s));
}

TEST_CASE("a planned switch and back needs no snapshot") {
  ReplicaWorld world;
  world.begin();
  world.a.accept("one");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.rest();
  world.b.serve(2);
  world.a.stand_by();
  REQUIRE(world.in_line(world.b, world.a));
  world.b.accept("two");
  REQUIRE(world.in_line(world.b, world.a));
  world.time.run_for(2s);
  world.b.rest();
  world.a.serve(3);
  world.b.stand_by();
  world.a.accept("three");
  REQUIRE(world.in_line(world.a, world.b));
  CHECK(world.b.bodies() == Bodies{"one", "two", "three"});
  CHECK(world.a.replica().follower().snapshots == 0);
  CHECK(world.b.replica().follower().snapshots <= 1);  // its first
}

TEST_CASE("a message that a disk has damaged comes back from the other node") {
  ReplicaWorld world;
  world.begin();
  const auto id = world.a.accept("whole");
  world.a.accept("another");
  REQUIRE(world.in_line(world.a, world.b));
  world.a.tamper(
      "UPDATE records SET bytes = X'00' WHERE kind = 1 AND instr(bytes, CAST('whole' AS BLOB)) > 0");
  CHECK(world.a.bodies() == Bodies{"another"});
  REQUIRE(world.time.run_until([&] { return world.a.bodies().size() == 2; }, 30s));
  CHECK(world.a.waiting().back().message.id == id);
}

TEST_CASE("through loss, doubles and delay the standby comes to hold what the active node holds") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    ReplicaWorld world(seed);
    world.network.set_weather(
        {.latency_min = 1ms, .latency_max = 200ms, .loss = 0.2, .duplication = 0.2, .reordering = 0.2});
    Random random(seed);
    world.a.serve(1);
    world.b.stand_by();
    for (int i = 0; i < 100; ++i) {
      const auto id = world.a.accept(std::to_string(i));
      if (random.below(3) == 0) world.a.deliver(id);
      if (random.below(20) == 0) {
        world.b.restart();
        world.b.stand_by();
      }
      world.time.run_for(Duration(static_cast<std::int64_t>(random.below(300'000))));
    }
    world.network.set_weather({});
    REQUIRE(world.in_line(world.a, world.b, 120s));
    CHECK(world.b.bodies() == world.a.bodies());
  }
}

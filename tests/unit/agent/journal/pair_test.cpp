// How the journals of two nodes become one.
#include "tests/unit/agent/journal/journal_pair.hpp"

namespace fieldline::journal {
namespace {

using Bodies = std::vector<std::string>;

struct TwoNodes {
  VirtualTime time;
  PairNode a{time, "a"};
  PairNode b{time, "b"};
};

TEST_CASE("a standby has what its active node accepted, parked, retried and ended") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  const auto two = pair.a.accept("two");
  const auto three = pair.a.accept("three");
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"one", "two", "three"});
  CHECK(pair.b.waiting().front().message.id == one.id);
  pair.a.deliver(one.id);
  pair.a.park(two.id, "no such order");
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"three"});
  CHECK(pair.b.ending(one.id) == Ending::kDelivered);
  REQUIRE(pair.b.parked().size() == 1);
  CHECK(pair.b.parked().front().id == two.id);
  CHECK(pair.b.parked().front().reason == "no such order");
  pair.a.retry(two.id);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"three", "two"});
  CHECK(pair.b.parked().empty());
  pair.b.restart();
  CHECK(pair.b.journal().followed() == reach_of(pair.a, pair.a.records(0).newest));
  CHECK(pair.b.bodies() == Bodies{"three", "two"});
  pair.b.check_counts();
}

}  // namespace
}  // namespace fieldline::journal

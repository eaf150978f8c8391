#include "agent/pair/settings.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::pair;
using namespace std::chrono_literals;

namespace {

Settings pair_of_a() {
  Settings settings;
  settings.node = "a";
  settings.peer = "b";
  return settings;
}

}  // namespace

TEST_CASE("the defaults of a pair are taken, and a node without a peer") {
  CHECK(check(pair_of_a()));
  auto single = pair_of_a();
  single.peer = "";
  CHECK(check(single));
  single.control = Control::kFixedStandby;
  CHECK(check(single));
}

TEST_CASE("settings of a pair that contradict themselves are refused") {
  auto settings = pair_of_a();
  SECTION("its own peer") {
    settings.peer = "a";
  }
  SECTION("no name") {
    settings.node = "";
  }
  SECTION("strict, and alone if need be") {
    settings.strict = settings.lone_survivor = true;
  }
  SECTION("alone while votes are still counted") {
    settings.lone_after = 13s;
  }
  SECTION("a lease that is not renewed") {
    settings.timers.renew = settings.timers.lease;
  }
  SECTION("no time for a switch") {
    settings.drain_limit = 0s;
  }
  SECTION("a clock that always jumps") {
    settings.clock_jump = 0s;
  }
  CHECK_FALSE(check(settings));
}

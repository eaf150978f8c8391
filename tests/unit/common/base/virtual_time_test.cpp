#include "common/base/virtual_time.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fieldline;
using namespace std::chrono_literals;

TEST_CASE("tasks of a virtual world run in order of time, then of posting") {
  VirtualTime world;
  auto loop = world.executor();
  std::string order;
  loop->after(2s, [&] { order += 'c'; });
  loop->post([&] { order += 'a'; });
  loop->after(1s, [&] { order += 'b'; });
  world.run_for(1s);
  CHECK(order == "ab");
  CHECK(world.clock().now().time_since_epoch() == 1s);
  world.run_for(1s);
  CHECK(order == "abc");
}

TEST_CASE("a cancelled timer does not run, nor do those of an executor that is gone") {
  VirtualTime world;
  auto loop = world.executor();
  auto other = world.executor();
  int runs = 0;
  const auto timer = loop->after(1s, [&] { ++runs; });
  loop->cancel(timer);
  other->after(1s, [&] { ++runs; });
  other.reset();
  world.run_for(5s);
  CHECK(runs == 0);
}

TEST_CASE("a virtual world says on whose turn it is") {
  VirtualTime world;
  auto loop = world.executor();
  auto other = world.executor();
  bool seen = false;
  loop->post([&] { seen = loop->here() && !other->here(); });
  CHECK(world.run_until([&] { return seen; }, 1s));
  CHECK_FALSE(loop->here());
}

TEST_CASE("waiting for what never holds ends at the limit") {
  VirtualTime world;
  CHECK_FALSE(world.run_until([] { return false; }, 3s));
  CHECK(world.clock().now().time_since_epoch() == 3s);
}

#include "agent/connections/simulation.hpp"

#include <catch2/catch.hpp>

#include "agent/connections/connections.hpp"
#include "common/base/virtual_time.hpp"
#include "tests/contract/connections/subscriber.hpp"

using namespace fieldline;
using namespace fieldline::connections;
using namespace std::chrono_literals;

namespace {

double at(std::string_view address, Duration since_epoch) {
  return wave(parse_simulator_address(address).value(), Timestamp(since_epoch));
}

struct World {
  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  Connections connections{*loop, Random(1), [](const ConnectionHealth&) {}};
  std::shared_ptr<FieldConnection> simulator =
      connections.open({"", "sim", {{"poll", "100ms"}}, Protocol::kSimulator}).value();
};

}  // namespace

TEST_CASE("waves are functions of UTC") {
  CHECK(at("sine:period=8s:min=0:max=10", 0s) == Approx(5));
  CHECK(at("sine:period=8s:min=0:max=10", 2s) == Approx(10));
  CHECK(at("sine:period=8s:min=0:max=10", 6s) == Approx(0).margin(1e-9));
  CHECK(at("ramp:period=10s:min=-5:max=5", 12s) == Approx(-3));
  CHECK(at("square:period=10s", 4s) == 0);
  CHECK(at("square:period=10s", 5s) == 1);
  CHECK(at("ramp:period=10s", -1s) == Approx(0.9));
}

TEST_CASE("a simulated signal moves with the world's clock, in the type that is asked for") {
  World world;
  Subscriber subscriber(*world.simulator,
                        {{1, "ramp:period=10s:min=0:max=10", DataType::kFloat},
                         {2, "ramp:period=10s:min=0:max=10", DataType::kInt},
                         {3, "square:period=10s", DataType::kBool},
                         {4, "constant:idle", DataType::kString},
                         {5, "sine", DataType::kBool}},
                        *world.loop);
  world.time.run_for(2600ms);
  CHECK(as_number(subscriber.value(1)).value() == Approx(2.6));
  CHECK(subscriber.shows(2, std::int64_t{3}));
  CHECK(subscriber.shows(3, false));
  CHECK(subscriber.shows(4, std::string("idle")));
  CHECK(subscriber.quality(5) == Quality::kBadConfigurationError);
  world.time.run_for(4s);
  CHECK(as_number(subscriber.value(1)).value() == Approx(6.6));
  CHECK(subscriber.shows(3, true));
}

TEST_CASE("two runs of one world show the same") {
  const auto run = [] {
    World world;
    Subscriber subscriber(*world.simulator, {{1, "sine:period=7s"}}, *world.loop);
    world.time.run_for(123456ms);
    return subscriber.sample(1);
  };
  CHECK(run() == run());
}

TEST_CASE("a cell that nobody wrote is zero, false or empty; one of another type is a mismatch") {
  World world;
  Subscriber subscriber(*world.simulator,
                        {{1, "memory:x", DataType::kFloat},
                         {2, "memory:x", DataType::kBool},
                         {3, "memory:x", DataType::kString}},
                        *world.loop);
  world.time.run_for(1s);
  CHECK(subscriber.shows(1, 0.0));
  CHECK(subscriber.shows(2, false));
  CHECK(subscriber.shows(3, std::string()));
  subscriber.write(1, 2.5);
  world.time.run_for(1s);
  CHECK(subscriber.shows(1, 2.5));
  CHECK(subscriber.quality(2) == Quality::kBadTypeMismatch);
}

TEST_CASE("a simulator that nobody holds any more stops") {
  World world;
  world.simulator.reset();
  world.time.run_for(1s);
  CHECK(world.connections.health().empty());
  CHECK_FALSE(world.time.run_until([] { return false; }, 1h));
}

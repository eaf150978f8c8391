#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/replication_world.hpp"

using namespace fieldline;
using namespace fieldline::sim;

TEST_CASE(
    "whatever befalls a pair, what it accepted arrives or waits, and what both know to be over is over") {
  const auto [first, last] = seeds(300);
  std::uint64_t accepted = 0;
  std::uint64_t takeovers = 0;
  std::uint64_t switches = 0;
  std::uint64_t doubles = 0;
  for (auto seed = first; seed <= last; ++seed) {
    const auto report = replication_storm(seed);
    INFO("FIELDLINE_SEED=" << seed << " repeats this");
    CHECK(report.fault == "");
    accepted += report.accepted;
    takeovers += report.takeovers;
    switches += report.switches;
    doubles += report.doubles;
  }
  WARN(accepted << " messages accepted, " << doubles << " deliveries repeated, " << takeovers << " crashes, "
                << switches << " switches begun");
}

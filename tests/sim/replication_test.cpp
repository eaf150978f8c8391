#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/replication_world.hpp"

using namespace fieldline;
using namespace fieldline::sim;

namespace {

// ctest runs each of the cases by itself, and several at once.
constexpr std::uint64_t kParts = 4;

void storms(std::uint64_t part) {
  const auto [first, last] = seeds(10'000);
  ReplicationReport all;
  for (auto seed = first; seed <= last; ++seed) {
    if (seed % kParts != part) continue;
    const auto report = replication_storm(seed);
    if (!report.fault.empty()) FAIL_CHECK("FIELDLINE_SEED=" << seed << " repeats this: " << report.fault);
    all.accepted += report.accepted;
    all.takeovers += report.takeovers;
    all.switches += report.switches;
    all.doubles += report.doubles;
  }
  WARN(all.accepted << " messages accepted, " << all.doubles << " deliveries repeated, " << all.takeovers
                    << " crashes, " << all.switches << " switches begun");
}

}  // namespace

TEST_CASE(
    "whatever befalls a pair, what it accepted arrives or waits, and what both know to be over is over") {
  storms(1);
}
TEST_CASE("whatever befalls a pair: second quarter of the seeds") {
  storms(2);
}
TEST_CASE("whatever befalls a pair: third quarter of the seeds") {
  storms(3);
}
TEST_CASE("whatever befalls a pair: last quarter of the seeds") {
  storms(0);
}

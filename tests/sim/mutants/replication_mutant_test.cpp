#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/replication_storms.hpp"

using namespace fieldline;
using namespace fieldline::sim;

TEST_CASE(
    "without this rule of replication, some seed loses a message or a state, or the nodes do not come in "
    "line") {
  const auto [first, last] = seeds(1000);
  bool red = false;
  for (auto seed = first; seed <= last && !red; ++seed) {
    for (auto* storm : {quiet_storm, replication_storm, disk_storm}) {
      const auto report = storm(seed);
      red = red || !report.fault.empty();
      if (!report.fault.empty()) WARN("seed " << seed << ": " << report.fault);
    }
  }
  CHECK(red);
}

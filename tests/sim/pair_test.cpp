#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/pair_storm.hpp"

using namespace fieldline;
using namespace fieldline::sim;

TEST_CASE(
    "whatever happens to machines, links and clocks, one node at most is active, and one when all is "
    "mended") {
  const auto [first, last] = seeds(10'000);
  std::uint64_t promotions = 0;
  for (auto seed = first; seed <= last; ++seed) {
    const auto report = storm(seed);
    promotions += report.promotions;
    INFO("run this seed alone: FIELDLINE_SEED=" << seed);
    REQUIRE(report.fault == "");
  }
  // Worlds in which nothing happens prove nothing.
  CHECK(promotions >= 2 * (last - first + 1));
}

#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/sim/pair_storm.hpp"

using namespace fieldline;
using namespace fieldline::sim;

TEST_CASE("without this rule of the pair, some seed shows two active nodes or an epoch used twice") {
  const auto [first, last] = seeds(10'000);
  bool red = false;
  for (auto seed = first; seed <= last && !red; ++seed) {
    const auto report = storm(seed);
    red = report.unsafe;
    if (red) WARN("seed " << seed << ": " << report.fault);
  }
  CHECK(red);
}

// A pair's world with misfortune out of a seed: the same, every time.
#pragma once

#include <cstdint>
#include <string>

#include "tests/sim/pair_world.hpp"

namespace fieldline::sim {

struct StormReport {
  std::string fault;    // empty when all held
  bool unsafe = false;  // two nodes could act, or an epoch was used twice; not only that nobody was active
  std::uint64_t promotions = 0;
};

// Crashes, pauses, cuts, weather, deposed coordinators, switches and set clocks for five minutes; then
// everything is mended, and one node has to be active soon and to stay so.
StormReport storm(std::uint64_t seed);

}  // namespace fieldline::sim

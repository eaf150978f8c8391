// How a node takes part in its pair. A plain value; check() refuses what contradicts itself.
#pragma once

#include <chrono>
#include <string>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/lease/timers.hpp"

namespace fieldline::pair {

enum class Control {
  kAutomatic,     // the node is active while a majority of the site's three voters has it so
  kFixedActive,   // active because a person says so: nobody is asked
  kFixedStandby,  // never active
};

struct Settings {
  std::string node;
  std::string peer;  // empty: there is no line to another node, and whoever is not a fixed standby is active
  // Which of two goes first when their journals reach equally far; true at one of them.
  bool preferred = false;
  Control control = Control::kAutomatic;
  // Rather no active node than one that is known to lack rows of the journal.
  bool strict = false;
  // A node that hears neither of the other voters becomes active all the same. Two that are cut off from
  // each other and from the coordinator are then both active.
  bool lone_survivor = false;
  lease::Timers timers;
  Duration drain_limit = std::chrono::seconds(30);  // of a planned switch, for deliveries in flight
  Duration lone_after = std::chrono::seconds(60);
  Duration clock_jump = std::chrono::seconds(2);  // of wall time against boot time, between two looks
};

Result<> check(const Settings& settings);

}  // namespace fieldline::pair

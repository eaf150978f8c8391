#include "tests/sim/replication_storms.hpp"

#include <chrono>

#include "tests/sim/replication_node.hpp"

namespace fieldline::sim {

using namespace std::chrono_literals;

namespace {

void blow_on(ReplicationWorld& world) {
  world.run_for(Duration(static_cast<std::int64_t>(world.random.below(6'000'000))));
  if (world.random.below(3) == 0) world.close_ended();
  world.note_told();
}

}  // namespace

ReplicationReport replication_storm(std::uint64_t seed) {
  ReplicationWorld world(seed);
  world.run_for(12s);
  const auto steps = 5 + world.random.below(15);
  for (std::uint64_t i = 0; i < steps && world.fault().empty(); ++i) {
    world.mishap();
    blow_on(world);
  }
  return world.end();
}

ReplicationReport disk_storm(std::uint64_t seed) {
  ReplicationWorld world(seed);
  world.run_for(12s);
  const auto steps = 5 + world.random.below(15);
  for (std::uint64_t i = 0; i < steps && world.fault().empty(); ++i) {
    if (world.random.below(6) == 0) {
      world.lose_disk();
    } else {
      world.mishap();
    }
    blow_on(world);
  }
  return world.end();
}

ReplicationReport quiet_storm(std::uint64_t seed) {
  ReplicationWorld world(seed);
  world.run_for(8s);
  for (int i = 0; i < 6 && world.fault().empty(); ++i) {
    world.network.set_weather({.loss = 0.3 + 0.4 * world.random.fraction()});
    if (auto* node = world.active()) node->send();
    world.wait_for(Duration(static_cast<std::int64_t>(world.random.below(2'000'000))));
    world.network.set_weather({});
    if (!world.run_until([&] { return world.settled(); }, 30s)) {
      world.blame("a quiet standby stays behind");
    } else {
      world.check_states();
      world.note_told();
    }
  }
  if (world.fault().empty()) world.hand_over();
  return world.end();
}

}  // namespace fieldline::sim

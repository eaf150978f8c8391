#include "tests/sim/replication_storms.hpp"

#include <chrono>

#include "tests/sim/replication_node.hpp"

namespace fieldline::sim {

using namespace std::chrono_literals;

namespace {

// Some steps of `blow`, and what follows each.
template <class Blow>
ReplicationReport storm(std::uint64_t seed, Blow blow) {
  ReplicationWorld world(seed);
  world.run_for(12s);
  const auto steps = 5 + world.random.below(15);
  for (std::uint64_t i = 0; i < steps && world.fault().empty(); ++i) {
    blow(world);
    world.run_for(Duration(static_cast<std::int64_t>(world.random.below(6'000'000))));
    if (world.random.below(3) == 0) world.close_ended();
    world.note_told();
  }
  return world.end();
}

}  // namespace

ReplicationReport replication_storm(std::uint64_t seed) {
  return storm(seed, [](ReplicationWorld& world) { world.mishap(); });
}

ReplicationReport disk_storm(std::uint64_t seed) {
  return storm(seed, [](ReplicationWorld& world) {
    if (world.random.below(6) == 0) return world.lose_disk();
    world.mishap();
  });
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

// What befalls a ReplicationWorld out of one seed. Each kind of storm throws dice of its own.
#pragma once

#include <cstdint>

#include "tests/sim/replication_world.hpp"

namespace fieldline::sim {

// Crashes, cuts, bad weather, switches.
ReplicationReport replication_storm(std::uint64_t seed);
// The same, and disks are lost.
ReplicationReport disk_storm(std::uint64_t seed);
// Nothing but weather in which the last messages of a stream get lost, and then nobody says anything more;
// and a planned switch.
ReplicationReport quiet_storm(std::uint64_t seed);

}  // namespace fieldline::sim

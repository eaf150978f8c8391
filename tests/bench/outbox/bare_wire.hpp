// The limit that others who take messages over a network are held against: ZeroMQ with CURVE in front of one
// thread that commits what has come, by SQLite's own API.
#pragma once

#include <filesystem>

#include "tests/bench/peers/peers.hpp"

namespace fieldline::bench {

// Messages a second that were committed and answered.
double bare_wire(const std::filesystem::path& file, const Load& load);

}  // namespace fieldline::bench

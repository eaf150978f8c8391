// File descriptors, of which a router takes one per peer. Out of them, libzmq's accept spins.
#pragma once

#include <cstddef>

#include "common/base/result.hpp"

namespace fieldline::net {

// Raises this process's soft limit to `count` if need be; fails when the hard limit forbids it.
Result<> reserve_descriptors(std::size_t count);

}  // namespace fieldline::net

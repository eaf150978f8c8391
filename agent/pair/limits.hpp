// The bounds of a pair's role machine, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

namespace fieldline::pair {

// Requests whose answers are still of use: those sent within one lease, of which one a renewal goes out, and
// a probe or a raised epoch in between.
inline constexpr std::size_t kAsked = 64;
// Rows that the standby may lack when a planned switch ends serving: it gets them within the second in which
// nobody is active.
inline constexpr std::uint64_t kSwitchRows = 1000;
// A voter that says when to ask again is not asked sooner, nor more often than this.
inline constexpr Duration kShortestWait = std::chrono::milliseconds(20);
// The line to the peer is dialed again after a random wait that grows up to this: half a lease, so that a
// peer that is back is heard before a lease is over.
inline constexpr Duration kRedialBase = std::chrono::milliseconds(200);
inline constexpr Duration kRedialCap = std::chrono::seconds(3);

}  // namespace fieldline::pair

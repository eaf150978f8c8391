// The limits of the Deployment Manager, each with its reason.
#pragma once

#include <cstddef>

namespace fieldline::deployment {

// Operations under way in the whole plant: with 20 KiB configurations, 200 MiB of them.
inline constexpr std::size_t kMaxOperations = 10'000;
// Requests that wait for the end of a deployment: people and scripts, each with a connection of its own.
inline constexpr std::size_t kMaxWaiters = 1000;
// Requests that wait for the revisions of all instances: they share one computation.
inline constexpr std::size_t kMaxRevisionWaiters = 256;
// Removals whose end can still be asked for, though their instance is gone.
inline constexpr std::size_t kKeptRemovals = 256;
// Orders that bring a standby in line at one time: leaves most of its window to deployments.
inline constexpr std::size_t kMaxRepairs = 8;

}  // namespace fieldline::deployment

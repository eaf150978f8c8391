// The limits of the Deployment Manager, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace fieldline::deployment {

// Operations under way in the whole plant: with 20 KiB configurations, 200 MiB of them.
inline constexpr std::size_t kMaxOperations = 10'000;
// Requests that wait for the end of a deployment: people and scripts, each with a connection of its own.
inline constexpr std::size_t kMaxWaiters = 1000;
// Requests that wait for the revisions of all instances: they share one computation.
inline constexpr std::size_t kMaxRevisionWaiters = 256;
// Instances that are derived or compared in one go, before others get their turn on the worker: about
// 50 ms.
inline constexpr std::size_t kSlice = 32;
// How soon a slice that found the worker's queue full is posted again.
inline constexpr std::chrono::milliseconds kSliceRetry{100};
// Comparisons of whole sites at one time: each may hold kSiteDiffBytes.
inline constexpr std::size_t kMaxSiteDiffs = 4;
// Text of diffs and findings in one comparison of a site: 1,000 instances of 16 KiB each.
inline constexpr std::size_t kSiteDiffBytes = std::size_t{16} << 20;
// Removals whose end can still be asked for, though their instance is gone.
inline constexpr std::size_t kKeptRemovals = 256;
// Orders that bring a standby in line at one time: leaves most of its window to deployments.
inline constexpr std::size_t kMaxRepairs = 8;

}  // namespace fieldline::deployment

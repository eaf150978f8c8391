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
// Instances that bulks have under way in the whole plant: leaves most of kMaxOperations to others, and
// with one write each the database's queue is never full of them.
inline constexpr std::size_t kBulkOperations = 2048;
// Of those, in one bulk: twice the window of orders, so that a site never waits for the next ones.
inline constexpr std::size_t kBulkWindow = 64;
// Instances of a bulk that are derived in one go: about 10 ms, in which single deploys wait.
inline constexpr std::size_t kBulkSlice = 16;
// Such slices on the worker at one time: while one is answered the next is at work.
inline constexpr std::size_t kBulkSlices = 2;
// Bulks that are remembered, and their instances: at about 200 bytes each 60 MB. The oldest that are
// over make room; when all are under way no more are taken.
inline constexpr std::size_t kMaxBulks = 4096;
inline constexpr std::size_t kMaxBulkInstances = 300'000;
// Text of findings and messages that one bulk keeps; past that only the reasons.
inline constexpr std::size_t kBulkTextBytes = std::size_t{4} << 20;
// Requests that wait for the end of a bulk.
inline constexpr std::size_t kMaxBulkWaiters = 1000;
// Removals whose end can still be asked for, though their instance is gone.
inline constexpr std::size_t kKeptRemovals = 256;
// Orders that bring a standby in line at one time: leaves most of its window to deployments.
inline constexpr std::size_t kMaxRepairs = 8;
// Of those, how many ask the database for what they send at one time: the rest of its queue (256) is
// for people.
inline constexpr std::size_t kMaxRepairReads = 64;

}  // namespace fieldline::deployment

// The bounds of a node's store, each with its reason.
#pragma once

#include <cstddef>

namespace fieldline::store {

// Instances of one node: ten times the largest site we know of; their index stays in memory.
inline constexpr std::size_t kInstances = 20'000;
// Reports kept for orders that are seen again. The coordinator has at most 32 orders in flight and
// sends none again after its deadline, so these are hours' worth.
inline constexpr std::size_t kReports = 1024;

}  // namespace fieldline::store

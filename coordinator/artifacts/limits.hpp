// The limits of artifacts on their way to sites, each with its reason.
#pragma once

#include <cstddef>

namespace fieldline::artifacts {

// Sites that are sent artifacts at one time; the others of a request wait. Each of them may hold a
// package of 18 MiB in memory, though sites that lack the same things share one.
inline constexpr std::size_t kMaxSitesAtOnce = 64;

}  // namespace fieldline::artifacts

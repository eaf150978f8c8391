// What the catalog lets wait.
#pragma once

#include <cstddef>

namespace fieldline::catalog {

// Writes that wait for the one under way. Each may hold a text of 32 MiB, so few; a write takes
// milliseconds, and whoever is refused tries again.
inline constexpr std::size_t kMaxWaitingWrites = 32;

}  // namespace fieldline::catalog

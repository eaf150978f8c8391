// Which seeds a test of many random worlds runs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace fieldline {

// The first and the last: FIELDLINE_SEEDS=10000 for so many, =501-1000 for these, FIELDLINE_SEED=77 for that
// one alone.
inline std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t unless_said) {
  if (const auto* one = std::getenv("FIELDLINE_SEED")) {
    const auto seed = std::strtoull(one, nullptr, 10);
    return {seed, seed};
  }
  const auto* some = std::getenv("FIELDLINE_SEEDS");
  if (some == nullptr) return {1, unless_said};
  char* rest = nullptr;
  const auto number = std::strtoull(some, &rest, 10);
  if (*rest != '-') return {1, number};
  return {number, std::strtoull(rest + 1, nullptr, 10)};
}

}  // namespace fieldline

// Which seeds a test of many random worlds runs.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace fieldline {

// The first and the last: FIELDLINE_SEEDS=10000 for so many, FIELDLINE_SEED=77 for that one alone.
inline std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t unless_said) {
  const auto number = [](const char* name, std::uint64_t otherwise) -> std::uint64_t {
    const auto* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const auto one = number("FIELDLINE_SEED", 0);
  return one != 0 ? std::pair{one, one} : std::pair{std::uint64_t{1}, number("FIELDLINE_SEEDS", unless_said)};
}

}  // namespace fieldline

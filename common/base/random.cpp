#include "common/base/random.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"

namespace fieldline {

Random Random::from_system() {
  std::random_device device;
  return Random((std::uint64_t{device()} << 32) | device());
}

std::uint64_t Random::below(std::uint64_t bound) {
  FIELDLINE_CHECK(bound > 0);
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_);
}

double Random::fraction() {
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine_);
}

Duration Random::backoff(Duration base, Duration cap, unsigned attempt) {
  const auto ceiling = std::min(cap, base * (std::int64_t{1} << std::min(attempt, 20U)));
  const auto least = base / 10;
  return least +
         Duration(static_cast<std::int64_t>(fraction() * static_cast<double>((ceiling - least).count())));
}

std::string Random::id() {
  return fmt::format("{:016x}{:016x}", engine_(), engine_());
}

}  // namespace fieldline

// Randomness from a seeded source, so that a simulation can be run again from its seed. Keys and
// tokens never come from here: they come from libsodium.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "common/base/time.hpp"

namespace fieldline {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // Seeded by the operating system.
  static Random from_system();

  // Uniform over [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform over [0, 1).
  double fraction();
  // Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"): uniform over
  // [0, min(cap, base * 2^attempt)), at least a tenth of `base`.
  Duration backoff(Duration base, Duration cap, unsigned attempt);
  // 32 lower-case hex digits.
  std::string id();

 private:
  std::mt19937_64 engine_;
};

}  // namespace fieldline

// Slows down who presents wrong credentials: each address may fail a few times at once and then once
// a second. A right credential is never held up. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "common/base/time.hpp"

namespace fieldline::security {

class Attempts {
 public:
  static constexpr double kBurst = 20;
  static constexpr double kPerSecond = 1;
  // Addresses remembered; the one that failed longest ago is forgotten first.
  static constexpr std::size_t kAddresses = 1024;

  explicit Attempts(const Clock& clock) : clock_(clock) {}

  // Notes a failure; false when the address has had too many.
  [[nodiscard]] bool fail_from(const std::string& address);

 private:
  struct Bucket {
    double left = kBurst;
    Instant filled;
  };

  void make_room();

  const Clock& clock_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace fieldline::security

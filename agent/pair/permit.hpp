// Whether this node may act, for those who ask on other threads: before each write to the field, each
// delivery, each report. Set on the agent's loop, asked on any thread.
#pragma once

#include <atomic>
#include <limits>

#include "common/base/time.hpp"

namespace fieldline::pair {

class Permit {
 public:
  // Until then and no longer; a time in the past takes it away.
  void set(Instant until) { until_.store(until.time_since_epoch().count(), std::memory_order_release); }
  void set_without_end() { until_.store(kWithoutEnd, std::memory_order_release); }
  void take_away() { until_.store(std::numeric_limits<Duration::rep>::min(), std::memory_order_release); }

  [[nodiscard]] bool holds(Instant now) const {
    const auto until = until_.load(std::memory_order_acquire);
    return until == kWithoutEnd || now.time_since_epoch().count() < until;
  }

 private:
  static constexpr Duration::rep kWithoutEnd = std::numeric_limits<Duration::rep>::max();
  std::atomic<Duration::rep> until_{std::numeric_limits<Duration::rep>::min()};
};

}  // namespace fieldline::pair

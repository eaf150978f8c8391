// Lets a burst through, then one a period (the generic cell rate algorithm, ITU-T I.371). A plain value.
#pragma once

#include <algorithm>

#include "common/base/time.hpp"

namespace fieldline::runtime {

struct Rate {
  int burst;        // at least 1
  Duration period;  // between two, once the burst is used up
};

class RateGate {
 public:
  explicit RateGate(Rate rate) : rate_(rate) {}

  [[nodiscard]] bool admit(Instant now) {
    if (now < opens()) return false;
    full_at_ = std::max(full_at_, now) + rate_.period;
    return true;
  }

  // From when on it admits.
  [[nodiscard]] Instant opens() const { return full_at_ - rate_.period * (rate_.burst - 1); }

 private:
  Rate rate_;
  Instant full_at_{Duration::min() / 2};  // when the whole burst is there again
};

}  // namespace fieldline::runtime

// The times of a lease. A plain value; check() refuses a lease that a few lost messages would end.
#pragma once

#include <chrono>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace fieldline::lease {

// The longest that a voter takes part in: a node that asks for more can't lock its peer out for longer.
inline constexpr Duration kLongestLease = std::chrono::minutes(2);

// The granter of a lease serves nobody else this long after the request *came*. Holder and granter may
// count at rates that differ by a tenth on each side.
constexpr Duration counted(Duration lease) {
  return lease + lease / 10;
}
// The holder stops this long after it *sent* the request that was granted.
constexpr Duration held(Duration lease) {
  return lease - lease / 10;
}

struct Timers {
  Duration renew = std::chrono::seconds(1);
  Duration lease = std::chrono::seconds(6);

  friend bool operator==(const Timers&, const Timers&) = default;
};

// kInvalid: a lease that is not renewed several times before it ends, or of no sensible length.
Result<> check(const Timers& timers);

}  // namespace fieldline::lease

#include "common/lease/timers.hpp"

#include <fmt/format.h>

namespace fieldline::lease {
namespace {

constexpr Duration kShortestRenewal = std::chrono::milliseconds(50);
// Renewals that may be lost one after the other before a lease ends.
constexpr int kRenewals = 3;

}  // namespace

Result<> check(const Timers& timers) {
  if (timers.renew < kShortestRenewal) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a lease is renewed every {} at the most", format_duration(kShortestRenewal)),
                "pair.renew");
  }
  if (timers.lease > kLongestLease) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a lease lasts {} at the most", format_duration(kLongestLease)), "pair.lease");
  }
  if (held(timers.lease) < timers.renew * kRenewals) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a lease of {} leaves no time for {} renewals, one every {}",
                            format_duration(timers.lease), kRenewals, format_duration(timers.renew)),
                "pair.lease");
  }
  return {};
}

}  // namespace fieldline::lease

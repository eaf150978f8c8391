#include "agent/pair/settings.hpp"

#include <fmt/format.h>

namespace fieldline::pair {

Result<> check(const Settings& settings) {
  if (auto checked = lease::check(settings.timers); !checked) return checked;
  if (settings.node.empty() || settings.node == settings.peer)
    return fail(ErrorCode::kInvalid, "a node and its peer have two different names", "pair.peer");
  if (settings.strict && settings.lone_survivor) {
    return fail(ErrorCode::kInvalid, "a site can't be strict and have a lone survivor: choose one",
                "pair.lone_survivor");
  }
  // A vote that is still counted somewhere must have run out before a node goes alone.
  const auto least = 2 * lease::counted(settings.timers.lease);
  if (settings.lone_after < least) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a lone survivor waits for two leases: {}", format_duration(least)),
                "pair.lone_after");
  }
  if (settings.drain_limit <= Duration::zero() || settings.clock_jump <= Duration::zero())
    return fail(ErrorCode::kInvalid, "the times of a pair are longer than nothing", "pair");
  return {};
}

}  // namespace fieldline::pair

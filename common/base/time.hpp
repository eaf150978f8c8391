// Time as Fieldline uses it. Instants count monotonic time, sleep included (CLOCK_BOOTTIME), and
// drive every time-out and lease; Timestamps are UTC wall time, for people and records only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline {

using Duration = std::chrono::microseconds;
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// The time since an arbitrary start (boot, or the start of a simulation).
struct MonotonicClock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicClock>;
  static constexpr bool is_steady = true;
};
using Instant = MonotonicClock::time_point;

// The one source of time. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Instant now() const = 0;
  [[nodiscard]] virtual Timestamp utc() const = 0;
};

// The machine's own clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Instant now() const override;
  [[nodiscard]] Timestamp utc() const override;
};

// "2026-11-22T15:04:05.123456Z", always UTC with six digits (RFC 3339).
std::string format_rfc3339(Timestamp time);
// Takes any RFC 3339 date-time with zone; digits past the microsecond are cut.
Result<Timestamp> parse_rfc3339(std::string_view text);

// The shortest exact form in one unit: "1500ms", "2s", "250us", "5min", "1h".
std::string format_duration(Duration duration);
// An integer and a unit out of us, ms, s, min, h, d; no sign, no blanks.
Result<Duration> parse_duration(std::string_view text);

}  // namespace fieldline

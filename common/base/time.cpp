#include "common/base/time.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ctime>
#include <limits>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline {
namespace {

using namespace std::chrono;

Duration read_clock(clockid_t id) {
  timespec spec{};
  FIELDLINE_CHECK(clock_gettime(id, &spec) == 0);
  return seconds(spec.tv_sec) + duration_cast<Duration>(nanoseconds(spec.tv_nsec));
}

// Reads exactly `count` digits at the front of `text` and drops them; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) return -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + count, value);
  if (error != std::errc() || end != text.data() + count || text.front() == '-') return -1;
  text.remove_prefix(count);
  return value;
}

bool take_char(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

constexpr std::array<std::pair<std::string_view, Duration>, 6> kUnits{{
    {"d", hours(24)},
    {"h", hours(1)},
    {"min", minutes(1)},
    {"s", seconds(1)},
    {"ms", milliseconds(1)},
    {"us", microseconds(1)},
}};

}  // namespace

Instant SystemClock::now() const {
  return Instant(read_clock(CLOCK_BOOTTIME));
}

Timestamp SystemClock::utc() const {
  return Timestamp(read_clock(CLOCK_REALTIME));
}

std::string format_rfc3339(Timestamp time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  const auto refuse = [whole = std::string(text)] {
    return fail(ErrorCode::kInvalid, "'" + whole + "' is not an RFC 3339 time such as 2026-11-22T15:04:05Z");
  };
  const int y = take_digits(text, 4);
  if (y < 0 || !take_char(text, "-")) return refuse();
  const int m = take_digits(text, 2);
  if (m < 0 || !take_char(text, "-")) return refuse();
  const int d = take_digits(text, 2);
  if (d < 0 || !take_char(text, "Tt ")) return refuse();
  const int hour = take_digits(text, 2);
  if (hour < 0 || hour > 23 || !take_char(text, ":")) return refuse();
  const int minute = take_digits(text, 2);
  if (minute < 0 || minute > 59 || !take_char(text, ":")) return refuse();
  const int second = take_digits(text, 2);
  if (second < 0 || second > 59) return refuse();
  int micros = 0;
  if (take_char(text, ".")) {
    int scale = 100'000;
    bool any = false;
    for (int digit = take_digits(text, 1); digit >= 0; digit = take_digits(text, 1)) {
      micros += digit * scale;
      scale /= 10;
      any = true;
    }
    if (!any) return refuse();
  }
  minutes offset{0};
  if (!take_char(text, "Zz")) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return refuse();
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const int off_h = take_digits(text, 2);
    if (off_h < 0 || off_h > 23 || !take_char(text, ":")) return refuse();
    const int off_m = take_digits(text, 2);
    if (off_m < 0 || off_m > 59) return refuse();
    offset = sign * (hours(off_h) + minutes(off_m));
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!text.empty() || !date.ok()) return refuse();
  const auto time = Timestamp(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) +
                    microseconds(micros) - offset;
  // An offset may lead out of the years that can be written.
  const int utc_year = static_cast<int>(year_month_day(floor<days>(time)).year());
  if (utc_year < 0 || utc_year > 9999) return refuse();
  return time;
}

std::string format_duration(Duration duration) {
  for (const auto& [unit, length] : kUnits) {
    if (unit != "d" && duration.count() != 0 && duration % length == Duration::zero()) {
      return fmt::format("{}{}", duration / length, unit);
    }
  }
  return "0s";
}

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit_text(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (error == std::errc() && count >= 0) {
    for (const auto& [unit, length] : kUnits) {
      if (unit != unit_text) continue;
      if (count > std::numeric_limits<std::int64_t>::max() / length.count()) break;
      return count * length;
    }
  }
  return fail(ErrorCode::kInvalid,
              "'" + std::string(text) + "' is not a duration such as 500ms, 2s, 5min or 1h");
}

}  // namespace fieldline

#include "agent/runtime/alarm.hpp"

#include <algorithm>
#include <cmath>

namespace fieldline::runtime {
namespace {

constexpr std::array kLevels{AlarmLevel::kLoLo,  AlarmLevel::kLo,      AlarmLevel::kHi,    AlarmLevel::kHiHi,
                             AlarmLevel::kMatch, AlarmLevel::kQuality, AlarmLevel::kRange, AlarmLevel::kRate};

constexpr std::size_t index(AlarmLevel level) {
  return static_cast<std::size_t>(level);
}

constexpr int severity(AlarmLevel level) {
  return level == AlarmLevel::kLoLo || level == AlarmLevel::kHiHi ? 2 : 1;
}

constexpr bool is_high(AlarmLevel level) {
  return level == AlarmLevel::kHi || level == AlarmLevel::kHiHi;
}

constexpr bool is_limit(AlarmLevel level) {
  return level <= AlarmLevel::kHiHi;
}

bool is_exceeded(const AlarmState& state, AlarmLevel level) {
  return std::find(state.exceeded.begin(), state.exceeded.end(), level) != state.exceeded.end();
}

const std::optional<AlarmLimit>& limit_of(const Alarm& alarm, AlarmLevel level) {
  static const std::optional<AlarmLimit> kNone;
  switch (level) {
    case AlarmLevel::kLoLo:
      return alarm.lolo;
    case AlarmLevel::kLo:
      return alarm.lo;
    case AlarmLevel::kHi:
      return alarm.hi;
    case AlarmLevel::kHiHi:
      return alarm.hihi;
    default:
      return kNone;
  }
}

bool is_configured(const Alarm& alarm, AlarmLevel level) {
  switch (level) {
    case AlarmLevel::kMatch:
      return alarm.kind == AlarmKind::kValueMatch;
    case AlarmLevel::kQuality:
      return alarm.kind == AlarmKind::kBadQuality;
    case AlarmLevel::kRange:
      return alarm.kind == AlarmKind::kRange && alarm.range;
    case AlarmLevel::kRate:
      return alarm.kind == AlarmKind::kRateOfChange && alarm.rate;
    default:
      return alarm.kind == AlarmKind::kLimits && limit_of(alarm, level);
  }
}

bool is_number(const Value& value) {
  const auto number = as_number(value);
  return number && std::isfinite(*number);
}

bool can_count(const Alarm& alarm, const Sample& sample) {
  if (alarm.kind == AlarmKind::kBadQuality) {
    // Nothing was asked of the field yet, or any more: that is no fault of it.
    return sample.quality != Quality::kBadWaitingForInitialData &&
           sample.quality != Quality::kBadOutOfService;
  }
  if (is_bad(sample.quality) || std::holds_alternative<std::monostate>(sample.value)) return false;
  return alarm.kind == AlarmKind::kValueMatch || is_number(sample.value);
}

// A limit is passed beyond it, and left once the value is back by the deadband.
bool is_beyond(const AlarmLimit& limit, AlarmLevel level, double number, bool exceeded) {
  const double back = exceeded ? limit.deadband : 0;
  return is_high(level) ? number > limit.value - back : number < limit.value + back;
}

bool is_outside(const AlarmRange& range, double number, bool exceeded) {
  const double back = exceeded ? range.deadband : 0;
  return number < range.low + back || number > range.high - back;
}

bool changed_too_much(const Alarm& alarm, const AlarmState& state, Instant now) {
  const auto until = state.course.exceeds_until(*alarm.rate);
  return until && now < *until;
}

// `state` has seen the sample already.
bool speaks_for(const Alarm& alarm, AlarmLevel level, const AlarmState& state, const Sample& sample,
                Instant now) {
  if (!is_configured(alarm, level)) return false;
  switch (level) {
    case AlarmLevel::kMatch:
      return sample.value == alarm.match;
    case AlarmLevel::kQuality:
      return is_bad(sample.quality);
    case AlarmLevel::kRange:
      return is_outside(*alarm.range, *as_number(sample.value), is_exceeded(state, level));
    case AlarmLevel::kRate:
      return changed_too_much(alarm, state, now);
    default:
      return is_beyond(*limit_of(alarm, level), level, *as_number(sample.value), is_exceeded(state, level));
  }
}

Duration delay_of(const Alarm& alarm, const AlarmState& state, AlarmLevel level) {
  if (!is_configured(alarm, level)) return Duration::zero();  // a limit that a redeploy took away
  return is_exceeded(state, level) ? alarm.off_delay : alarm.on_delay;
}

// A level that its test contradicts begins to turn; one that it agrees with stays.
void weigh(AlarmState& state, AlarmLevel level, bool speaks, Instant now) {
  auto& turning = state.turning[index(level)];
  if (speaks == is_exceeded(state, level)) {
    turning.reset();
  } else if (!turning) {
    turning = now;
  }
}

// Until when the values that an alarm of rate-of-change goes by at present speak for it.
std::optional<Instant> rate_until(const Alarm& alarm, const AlarmState& state) {
  if (!is_configured(alarm, AlarmLevel::kRate)) return std::nullopt;
  const bool turning = state.turning[index(AlarmLevel::kRate)].has_value();
  if (turning == is_exceeded(state, AlarmLevel::kRate)) return std::nullopt;
  return state.course.exceeds_until(*alarm.rate);
}

void turn(AlarmState& state, AlarmLevel level) {
  state.turning[index(level)].reset();
  if (std::erase(state.exceeded, level) == 0) state.exceeded.push_back(level);
}

std::optional<AlarmChange> compare(std::optional<AlarmLevel> before, std::optional<AlarmLevel> after) {
  if (before == after) return std::nullopt;
  if (!before) return AlarmChange::kRaised;
  if (!after) return AlarmChange::kCleared;
  const bool worse = severity(*after) > severity(*before) || is_high(*after) != is_high(*before);
  return worse ? AlarmChange::kEscalated : AlarmChange::kEased;
}

// Ids rise even where the wall clock was set back, and are not used again after state was lost.
void begin_occurrence(AlarmState& state, Timestamp utc) {
  state.occurrence = std::max(state.occurrence + 1, std::int64_t{utc.time_since_epoch().count()});
  state.acked = false;
  state.latched = false;
}

void show(const Alarm& alarm, AlarmState& state, AlarmChange change, Timestamp utc) {
  state.since = utc;
  state.value = state.seen;
  if (change == AlarmChange::kRaised || change == AlarmChange::kEscalated) begin_occurrence(state, utc);
  if (change == AlarmChange::kCleared) state.latched = alarm.latching;
}

// Turns the levels whose delay is over, and says what that changed.
AlarmStep settle(const Alarm& alarm, AlarmState state, Moment now) {
  const auto shown = shown_level(state);
  bool durable = false;
  for (const auto level : kLevels) {
    const auto since = state.turning[index(level)];
    if (!since || now.instant - *since < delay_of(alarm, state, level)) continue;
    turn(state, level);
    durable = true;
  }
  const auto change = compare(shown, shown_level(state));
  if (change) show(alarm, state, *change, now.utc);
  return {std::move(state), change, durable};
}

}  // namespace

void AlarmState::lose_sight() {
  turning.fill(std::nullopt);
  course.forget();
}

AlarmStep step(const Alarm& alarm, AlarmState state, const Sample& sample, Moment now) {
  if (!can_count(alarm, sample)) {
    state.lose_sight();
    return {std::move(state), std::nullopt, false};
  }
  state.seen = sample.value;
  if (is_configured(alarm, AlarmLevel::kRate)) {
    state.course.take(*as_number(sample.value), now.instant, alarm.rate->within);
  }
  for (const auto level : kLevels) {
    weigh(state, level, speaks_for(alarm, level, state, sample, now.instant), now.instant);
  }
  return settle(alarm, std::move(state), now);
}

AlarmStep step(const Alarm&, AlarmState state, Acknowledge acknowledge, Moment) {
  const bool waits = !state.acked || (state.latched && !state.active());
  if (acknowledge.occurrence != state.occurrence || !waits) return {std::move(state), std::nullopt, false};
  state.acked = true;
  state.latched = false;
  return {std::move(state), AlarmChange::kAcknowledged, true};
}

AlarmStep step(const Alarm& alarm, AlarmState state, TimePassed, Moment now) {
  const auto until = rate_until(alarm, state);
  if (until && *until <= now.instant) weigh(state, AlarmLevel::kRate, false, now.instant);
  return settle(alarm, std::move(state), now);
}

std::optional<Instant> next_due(const Alarm& alarm, const AlarmState& state) {
  auto due = rate_until(alarm, state);
  for (const auto level : kLevels) {
    const auto since = state.turning[index(level)];
    if (!since) continue;
    const auto end = *since + delay_of(alarm, state, level);
    due = due ? std::min(*due, end) : end;
  }
  return due;
}

std::optional<AlarmLevel> shown_level(const AlarmState& state) {
  if (state.exceeded.empty()) return std::nullopt;
  // On a tie the later one, because it is the news.
  return *std::max_element(state.exceeded.rbegin(), state.exceeded.rend(),
                           [](AlarmLevel a, AlarmLevel b) { return severity(a) < severity(b); });
}

std::string level_text(const AlarmState& state) {
  const auto level = shown_level(state);
  return level && is_limit(*level) ? std::string(name(*level)) : std::string();
}

}  // namespace fieldline::runtime

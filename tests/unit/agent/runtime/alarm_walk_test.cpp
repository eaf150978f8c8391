// Every sequence of a few events, for every kind of alarm: what must hold whatever happens.
#include <catch2/catch.hpp>
#include <vector>

#include "agent/runtime/alarm.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

enum class Deed { kLow, kNormal, kHigh, kVeryHigh, kBad, kWaiting, kSecond, kAcknowledge, kAcknowledgeOlder };
constexpr int kDeeds = 9;
constexpr int kLength = 5;

std::optional<double> number_of(Deed deed) {
  switch (deed) {
    case Deed::kLow:
      return 10;
    case Deed::kNormal:
      return 50;
    case Deed::kHigh:
      return 85;
    case Deed::kVeryHigh:
      return 99;
    default:
      return std::nullopt;
  }
}

AlarmStep perform(Deed deed, const Alarm& alarm, const AlarmState& state, Moment& now) {
  if (const auto number = number_of(deed)) {
    return step(alarm, state, Sample{Quality::kGood, now.utc, now.utc, *number}, now);
  }
  switch (deed) {
    case Deed::kBad:
      return step(alarm, state, Sample{Quality::kBadCommunicationError, now.utc, now.utc, 99.0}, now);
    case Deed::kWaiting:
      return step(alarm, state, Sample{Quality::kBadWaitingForInitialData, now.utc, now.utc, 99.0}, now);
    case Deed::kAcknowledge:
      return step(alarm, state, Acknowledge{state.occurrence}, now);
    case Deed::kAcknowledgeOlder:
      return step(alarm, state, Acknowledge{state.occurrence - 1}, now);
    default:
      now.instant += 1s;
      now.utc += 1s;
      return step(alarm, state, TimePassed{}, now);
  }
}

bool same_record(const AlarmState& a, const AlarmState& b) {
  return a.acked == b.acked && a.exceeded == b.exceeded && a.latched == b.latched &&
         a.occurrence == b.occurrence && a.since == b.since && a.value == b.value;
}

class Walk {
 public:
  explicit Walk(Alarm alarm) : alarm_(std::move(alarm)) {}

  void from(const AlarmState& state, Moment now, int left) {
    if (left == 0) return;
    for (int i = 0; i < kDeeds; ++i) {
      const auto deed = static_cast<Deed>(i);
      auto then = now;
      const auto next = perform(deed, alarm_, state, then);
      ++steps;
      const auto due = next_due(alarm_, next.state);
      if (!holds(deed, state, next) || (due && *due <= then.instant)) ++broken;
      from(next.state, then, left - 1);
    }
  }

  int steps = 0;
  int broken = 0;

 private:
  [[nodiscard]] bool holds(Deed deed, const AlarmState& before, const AlarmStep& next) const {
    const auto& after = next.state;
    const bool begun = next.change == AlarmChange::kRaised || next.change == AlarmChange::kEscalated;
    const bool is_ack = deed == Deed::kAcknowledge;
    const bool is_blind =
        deed == Deed::kWaiting || (deed == Deed::kBad && alarm_.kind != AlarmKind::kBadQuality);
    return after.active() == shown_level(after).has_value() &&
           !(after.latched && (after.active() || !alarm_.latching)) &&
           (before.active() != after.active()) ==
               (next.change == AlarmChange::kRaised || next.change == AlarmChange::kCleared) &&
           begun == (after.occurrence > before.occurrence) && (!begun || (!after.acked && after.active())) &&
           (begun || is_ack || after.acked == before.acked) &&
           (!is_ack || after.acked || before.occurrence == 0) &&
           (next.change.has_value() || next.durable || same_record(before, after)) &&
           next.durable == !same_record(before, after) &&
           (!is_blind || (!next.change && !next_due(alarm_, after))) &&
           (deed != Deed::kAcknowledgeOlder || (!next.change && after == before));
  }

  const Alarm alarm_;
};

}  // namespace

TEST_CASE("whatever happens to an alarm, its bits agree with each other") {
  Alarm alarm;
  alarm.kind = GENERATE(AlarmKind::kBadQuality, AlarmKind::kLimits, AlarmKind::kRange,
                        AlarmKind::kRateOfChange, AlarmKind::kValueMatch);
  alarm.match = 85.0;
  alarm.hihi = AlarmLimit{.deadband = 1, .value = 95};
  alarm.hi = AlarmLimit{.deadband = 1, .value = 80};
  alarm.lo = AlarmLimit{.deadband = 1, .value = 20};
  alarm.range = AlarmRange{.deadband = 1, .high = 80, .low = 20};
  alarm.rate = AlarmRate{.change = 30, .within = 2s};
  alarm.latching = GENERATE(false, true);
  alarm.on_delay = GENERATE(0s, 1s);
  alarm.off_delay = GENERATE(0s, 2s);
  Walk walk(alarm);
  walk.from({}, {Instant(1h), Timestamp(1'800'000'000s)}, kLength);
  CHECK(walk.steps > 30'000);
  CHECK(walk.broken == 0);
}

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "agent/runtime/alarm.hpp"

namespace fieldline::runtime {

// An alarm and its state, driven through time by hand.
class Driven {
 public:
  explicit Driven(Alarm alarm) : alarm_(std::move(alarm)) {}

  std::optional<AlarmChange> value(Value value, Quality quality = Quality::kGood) {
    return take(step(alarm_, state, Sample{quality, now_.utc, now_.utc, std::move(value)}, now_));
  }
  std::optional<AlarmChange> pass(Duration span) {
    now_.instant += span;
    now_.utc += span;
    return take(step(alarm_, state, TimePassed{}, now_));
  }
  std::optional<AlarmChange> acknowledge() { return acknowledge(state.occurrence); }
  std::optional<AlarmChange> acknowledge(std::int64_t occurrence) {
    return take(step(alarm_, state, Acknowledge{occurrence}, now_));
  }
  [[nodiscard]] std::optional<Duration> due_in() const {
    const auto due = next_due(alarm_, state);
    return due ? std::optional(*due - now_.instant) : std::nullopt;
  }
  void set_wall_clock(Timestamp utc) { now_.utc = utc; }
  void redefine(Alarm alarm) { alarm_ = std::move(alarm); }
  [[nodiscard]] std::string level() const { return level_text(state); }
  [[nodiscard]] Timestamp utc() const { return now_.utc; }

  AlarmState state;
  bool durable = false;

 private:
  std::optional<AlarmChange> take(AlarmStep next) {
    state = std::move(next.state);
    durable = next.durable;
    return next.change;
  }

  Alarm alarm_;
  Moment now_{Instant(std::chrono::hours(1)), Timestamp(std::chrono::seconds(1'800'000'000))};
};

}  // namespace fieldline::runtime

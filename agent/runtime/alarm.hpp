// The life of one alarm after ISA-18.2 and OPC UA Part 9 (docs/alarms.md): pure functions of
// (state, event, time). Bad quality neither raises nor clears, where it is not what the alarm is about;
// uncertain values count. Any thread.
//
// Each level on its own (of the kinds, limits alone have more than one):
//
//                beyond the limit for on_delay
//      ┌───────┐ ────────────────────────────► ┌──────────┐
//      │ quiet │                               │ exceeded │
//      └───────┘ ◄──────────────────────────── └──────────┘
//                back by the deadband for off_delay
//
// The alarm is active while a level is exceeded, and shows the most severe of them:
//
//            raise                         clear
//   normal ────────► active, unacked ───────────────► inactive, unacked, latched if latching
//     ▲                ▲         │ ack                                      │ ack
//     │       escalate │         ▼                                          │
//     │              active, acked ───► inactive, acked, latched            │
//     │ clear, not latching │     clear, latching   │ ack                   │
//     └─────────────────────┴───────────────────────┴───────────────────────┘
//
// "Escalate" is a more severe level, or the other side: something the operator has not seen, so it
// is an occurrence of its own, unacknowledged. A milder level of the same side keeps both.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/runtime/course.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/value.hpp"

namespace fieldline::runtime {

enum class AlarmLevel { kLoLo, kLo, kHi, kHiHi, kMatch, kQuality, kRange, kRate };
inline constexpr std::size_t kAlarmLevels = 8;

// One instant on both clocks: delays run on the monotonic one, records bear the other.
struct Moment {
  Instant instant;
  Timestamp utc;
};

struct AlarmState {
  bool acked = true;
  std::vector<AlarmLevel> exceeded;  // in the order they came
  bool latched = false;              // inactive, but held until acknowledged
  std::int64_t occurrence = 0;       // rises with each raise and escalation; 0: none yet
  std::optional<Timestamp> since;    // of the last change of what is shown
  Value value;                       // at that change

  // Not kept over a restart: delays begin anew, because nobody watched meanwhile.
  Course course;                                             // of a rate of change
  std::array<std::optional<Instant>, kAlarmLevels> turning;  // since when a level's test contradicts it
  Value seen;                                                // the last value that counted

  // From now on nobody watches, so what went before says nothing about what follows.
  void lose_sight();
  [[nodiscard]] bool active() const { return !exceeded.empty(); }
  // Does an operator have to see it?
  [[nodiscard]] bool listed() const { return active() || latched || !acked; }

  static constexpr auto fields = fields_in_order(
      required("acked", &AlarmState::acked), required("exceeded", &AlarmState::exceeded),
      required("latched", &AlarmState::latched), required("occurrence", &AlarmState::occurrence),
      defaulted("since", &AlarmState::since), defaulted("value", &AlarmState::value));
  friend bool operator==(const AlarmState&, const AlarmState&) = default;
};

enum class AlarmChange { kRaised, kEscalated, kEased, kCleared, kAcknowledged };

struct AlarmStep {
  AlarmState state;
  std::optional<AlarmChange> change;  // to tell the operator
  bool durable = false;               // a described field changed
};

struct Acknowledge {
  std::int64_t occurrence;  // any other than the present one is ignored: that one was not seen
};
struct TimePassed {};

AlarmStep step(const Alarm& alarm, AlarmState state, const Sample& sample, Moment now);
AlarmStep step(const Alarm& alarm, AlarmState state, Acknowledge acknowledge, Moment now);
AlarmStep step(const Alarm& alarm, AlarmState state, TimePassed, Moment now);

// When a delay ends or a change is long enough ago: the caller then steps with TimePassed.
std::optional<Instant> next_due(const Alarm& alarm, const AlarmState& state);
// The most severe level exceeded.
std::optional<AlarmLevel> shown_level(const AlarmState& state);
// "hihi" …; empty without limits and when inactive.
std::string level_text(const AlarmState& state);

}  // namespace fieldline::runtime

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::runtime::AlarmLevel> =
    std::to_array<std::string_view>({"lolo", "lo", "hi", "hihi", "match", "quality", "range", "rate"});
template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::runtime::AlarmChange> =
    std::to_array<std::string_view>({"raised", "escalated", "eased", "cleared", "acknowledged"});

// What an instance takes over: from the actor it replaces, or after a restart from what was kept.
// A plain value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/runtime/alarm.hpp"
#include "agent/runtime/keeper.hpp"
#include "agent/runtime/tally.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/value.hpp"

namespace fieldline::runtime {

struct HeldValue {
  Sample sample;
  DataType type = DataType::kFloat;

  static constexpr auto fields =
      fields_in_order(required("sample", &HeldValue::sample), required("type", &HeldValue::type));
};

struct HeldAlarm {
  AlarmKind kind = AlarmKind::kLimits;
  AlarmState state;

  static constexpr auto fields =
      fields_in_order(required("kind", &HeldAlarm::kind), required("state", &HeldAlarm::state));
};

struct Heritage {
  std::map<std::string, HeldValue> values;
  std::map<std::string, HeldAlarm> alarms;
  // What the values were configured to be; empty after a restart, when only retained values are left.
  std::map<std::string, Value> configured;
  Kept kept;     // what the keeper may hold; no bytes where that is not certain
  Kept unsaved;  // what it may not hold yet
  Tally counters;
  std::vector<std::string> unreadable;  // keys whose bytes make no sense
};

// Stands for a key that is needed no longer: a keeper only adds and replaces, until it forgets all.
inline constexpr std::string_view kNothing = "null";

std::string value_key(std::string_view attribute);
std::string alarm_key(std::string_view alarm);
std::string bytes_of(const HeldValue& value);
std::string bytes_of(const HeldAlarm& alarm);

Heritage read_kept(const Kept& kept);

}  // namespace fieldline::runtime

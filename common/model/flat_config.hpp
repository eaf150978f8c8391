// Everything that one instance needs at its site, with no reference back. Its canonical bytes
// (common/wire) are hashed into its revision, so what changes the bytes of a configuration that was
// possible before is a new `format`. A new field is therefore optional, and absent where it is not used.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"

namespace fieldline {

// 64 hex digits: the BLAKE2b-256 of the canonical bytes. Empty: nothing.
using Revision = std::string;

struct Attribute {
  std::string address;     // field address, relative to the connection; empty: not read from the field
  std::string connection;  // the connection it is bound to; empty in templates
  std::string name;
  bool retained = false;  // a written value survives restart, redeploy and failover
  DataType type = DataType::kFloat;
  std::string unit;
  Value value;  // what it holds before anything is read or written
  bool writable = false;

  static constexpr auto fields = fields_in_order(
      defaulted("address", &Attribute::address), defaulted("connection", &Attribute::connection),
      required("name", &Attribute::name), defaulted("retained", &Attribute::retained),
      required("type", &Attribute::type), defaulted("unit", &Attribute::unit),
      defaulted("value", &Attribute::value), defaulted("writable", &Attribute::writable));
  friend bool operator==(const Attribute&, const Attribute&) = default;
};

enum class AlarmKind { kBadQuality, kLimits, kRange, kRateOfChange, kValueMatch };
template <>
inline constexpr std::array kEnumNames<AlarmKind> =
    std::to_array<std::string_view>({"bad-quality", "limits", "range", "rate-of-change", "value-match"});

struct AlarmLimit {
  double deadband = 0;  // how far the value must come back before the limit clears
  double value = 0;

  static constexpr auto fields =
      fields_in_order(defaulted("deadband", &AlarmLimit::deadband), required("value", &AlarmLimit::value));
  friend bool operator==(const AlarmLimit&, const AlarmLimit&) = default;
};

// The values that are permitted; at its ends a value is still inside.
struct AlarmRange {
  double deadband = 0;  // how far inside the value must come back before the alarm clears
  double high = 0;
  double low = 0;

  static constexpr auto fields =
      fields_in_order(defaulted("deadband", &AlarmRange::deadband), required("high", &AlarmRange::high),
                      required("low", &AlarmRange::low));
  friend bool operator==(const AlarmRange&, const AlarmRange&) = default;
};

enum class RateDirection { kEither, kFalling, kRising };
template <>
inline constexpr std::array kEnumNames<RateDirection> = std::to_array<std::string_view>({"either", "falling",
                                                                                         "rising"});

// Exceeded while the value differs by more than `change` from one that it had `within` the last time.
struct AlarmRate {
  // What is slower is a trend, to be told from a history.
  static constexpr Duration kLongestWithin = std::chrono::hours(24);

  double change = 0;
  RateDirection direction = RateDirection::kEither;
  Duration within{};

  static constexpr auto fields =
      fields_in_order(required("change", &AlarmRate::change), defaulted("direction", &AlarmRate::direction),
                      required("within", &AlarmRate::within));
  friend bool operator==(const AlarmRate&, const AlarmRate&) = default;
};

struct Alarm {
  std::string attribute;  // member path of what it watches
  std::optional<AlarmLimit> hi;
  std::optional<AlarmLimit> hihi;
  AlarmKind kind = AlarmKind::kLimits;
  bool latching = false;  // stays until acknowledged after the condition is gone
  std::optional<AlarmLimit> lo;
  std::optional<AlarmLimit> lolo;
  Value match;  // value-match: active while the attribute equals it
  std::string message;
  std::string name;
  Duration off_delay{};
  Duration on_delay{};
  int priority = 500;  // 1 (lowest) to 1000, as OPC UA severities
  std::optional<AlarmRange> range;
  std::optional<AlarmRate> rate;
  std::string script;  // call-only script that runs on activation; empty: none

  static constexpr auto fields = fields_in_order(
      required("attribute", &Alarm::attribute), defaulted("hi", &Alarm::hi), defaulted("hihi", &Alarm::hihi),
      required("kind", &Alarm::kind), defaulted("latching", &Alarm::latching), defaulted("lo", &Alarm::lo),
      defaulted("lolo", &Alarm::lolo), defaulted("match", &Alarm::match),
      defaulted("message", &Alarm::message), required("name", &Alarm::name),
      defaulted("off_delay", &Alarm::off_delay), defaulted("on_delay", &Alarm::on_delay),
      defaulted("priority", &Alarm::priority), defaulted("range", &Alarm::range),
      defaulted("rate", &Alarm::rate), defaulted("script", &Alarm::script));
  friend bool operator==(const Alarm&, const Alarm&) = default;
};

enum class TriggerKind { kCall, kCondition, kInterval, kValueChange };
template <>
inline constexpr std::array kEnumNames<TriggerKind> =
    std::to_array<std::string_view>({"call", "condition", "interval", "value-change"});

enum class Comparison { kLess, kLessOrEqual, kEqual, kNotEqual, kGreaterOrEqual, kGreater };
template <>
inline constexpr std::array kEnumNames<Comparison> = std::to_array<std::string_view>({"<", "<=", "==", "!=",
                                                                                      ">=", ">"});

// Equality is asked of every type, an order only of numbers and timestamps.
constexpr bool can_compare(Comparison comparison, DataType type) {
  return comparison == Comparison::kEqual || comparison == Comparison::kNotEqual || type == DataType::kInt ||
         type == DataType::kFloat || type == DataType::kTimestamp;
}

enum class ConditionPhase { kBecomesTrue, kWhileTrue };
template <>
inline constexpr std::array kEnumNames<ConditionPhase> = std::to_array<std::string_view>({"becomes-true",
                                                                                          "while-true"});

// True while `attribute` compares to `value` so; bad quality leaves it as it was.
struct TriggerCondition {
  std::string attribute;
  Comparison comparison = Comparison::kEqual;
  ConditionPhase phase = ConditionPhase::kBecomesTrue;
  Value value;

  static constexpr auto fields = fields_in_order(required("attribute", &TriggerCondition::attribute),
                                                 required("operator", &TriggerCondition::comparison),
                                                 defaulted("phase", &TriggerCondition::phase),
                                                 required("value", &TriggerCondition::value));
  friend bool operator==(const TriggerCondition&, const TriggerCondition&) = default;
};

struct ScriptTrigger {
  std::vector<std::string> attributes{};        // value-change: member paths that start it
  std::optional<TriggerCondition> condition{};  // condition
  Duration interval{};                          // interval, and condition while true: from start to start
  TriggerKind kind = TriggerKind::kCall;

  static constexpr auto fields = fields_in_order(
      defaulted("attributes", &ScriptTrigger::attributes), defaulted("condition", &ScriptTrigger::condition),
      defaulted("interval", &ScriptTrigger::interval), required("kind", &ScriptTrigger::kind));
  friend bool operator==(const ScriptTrigger&, const ScriptTrigger&) = default;
};

// Does it start a script again and again?
inline bool repeats(const ScriptTrigger& trigger) {
  return trigger.kind == TriggerKind::kInterval ||
         (trigger.kind == TriggerKind::kCondition && trigger.condition &&
          trigger.condition->phase == ConditionPhase::kWhileTrue);
}

struct Script {
  std::int64_t memory_limit = 1 << 20;  // bytes
  Duration min_interval{};              // the least time between two starts
  std::string name;
  std::string source;                                 // Lua 5.4
  Duration timeout = std::chrono::milliseconds(500);  // computing time of one run; waiting is not counted
  ScriptTrigger trigger;

  static constexpr auto fields = fields_in_order(
      defaulted("memory_limit", &Script::memory_limit), defaulted("min_interval", &Script::min_interval),
      required("name", &Script::name), required("source", &Script::source),
      defaulted("timeout", &Script::timeout), defaulted("trigger", &Script::trigger));
  friend bool operator==(const Script&, const Script&) = default;
};

enum class Protocol { kModbusTcp, kSimulator };
template <>
inline constexpr std::array kEnumNames<Protocol> = std::to_array<std::string_view>({"modbus-tcp",
                                                                                    "simulator"});

// A named field data source of one site.
struct Connection {
  std::string endpoint;  // "host:port"
  std::string name;
  std::map<std::string, std::string> options;  // by protocol: docs/connections.md
  Protocol protocol = Protocol::kModbusTcp;

  static constexpr auto fields = fields_in_order(
      defaulted("endpoint", &Connection::endpoint), required("name", &Connection::name),
      defaulted("options", &Connection::options), required("protocol", &Connection::protocol));
  friend bool operator==(const Connection&, const Connection&) = default;
};

struct FlatConfig {
  static constexpr std::int64_t kFormat = 1;
  // Of any duration in it: far above all that is meant, far below where sums of time overflow.
  static constexpr Duration kLongestDuration = std::chrono::hours(24 * 366);

  std::vector<Alarm> alarms;  // all lists sorted by name, names unique
  std::string area;
  std::vector<std::string>
      artifacts;  // names alone, "shared-scripts/filters": they have revisions of their own
  std::vector<Attribute> attributes;
  std::vector<Connection> connections;
  std::int64_t format = kFormat;
  std::string instance;
  std::vector<Script> scripts;
  std::string site;
  std::string template_name;

  static constexpr auto fields = fields_in_order(
      required("alarms", &FlatConfig::alarms), required("area", &FlatConfig::area),
      required("artifacts", &FlatConfig::artifacts), required("attributes", &FlatConfig::attributes),
      required("connections", &FlatConfig::connections), required("format", &FlatConfig::format),
      required("instance", &FlatConfig::instance), required("scripts", &FlatConfig::scripts),
      required("site", &FlatConfig::site), required("template", &FlatConfig::template_name));
  friend bool operator==(const FlatConfig&, const FlatConfig&) = default;
};

// What a receiver insists on before it compiles: a known format, the names well-formed, every list
// strictly sorted by name, every reference resolved inside the configuration, and of every alarm and
// trigger what its kind needs.
Result<> check(const FlatConfig& config);

}  // namespace fieldline

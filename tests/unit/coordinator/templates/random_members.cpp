#include "tests/unit/coordinator/templates/random_members.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fieldline::templates {
namespace {

std::string random_duration(Dice& dice) {
  static const std::vector<std::string> kDurations{"1us", "50ms", "1500ms", "2s", "90s", "5min", "1h"};
  return dice.pick(kDurations);
}

bool is_locked(const auto& member, std::string_view field) {
  using Partial = std::remove_cvref_t<decltype(member.partial)>;
  return member.partial.locked.test(field_index<decltype(Partial::value)>(field));
}

// Some of `fields`, as a list of locks.
Json some_of(std::initializer_list<const char*> fields, Dice& dice) {
  auto locked = Json::array();
  for (const auto* field : fields) {
    if (dice.one_in(3)) locked.push_back(field);
  }
  return locked;
}

}  // namespace

Json RandomMembers::attribute(Dice& dice) {
  const auto type = static_cast<DataType>(dice.below(kEnumNames<DataType>.size()));
  const bool is_text = type == DataType::kString || type == DataType::kTimestamp;
  Json written{{"type", name(type)}};
  if (dice.truth()) written["value"] = dice.value(type);
  if (dice.one_in(3)) written["unit"] = dice.text();
  if (dice.truth()) written["writable"] = true;
  if (written.contains("writable") && dice.truth()) written["retained"] = true;
  if (dice.one_in(3)) {
    const auto number = dice.below(1000);
    written["address"] = is_text || dice.truth()   ? fmt::format("memory:m{}", number)
                         : type == DataType::kBool ? fmt::format("coil:{}", number)
                                                   : fmt::format("holding:{}", number);
  }
  if (dice.one_in(3)) written["locked"] = some_of({"type", "unit", "value", "writable", "address"}, dice);
  return written;
}

std::vector<RandomMembers::Known> RandomMembers::attributes_in(std::string_view scope) const {
  std::vector<Known> known;
  for (const auto& [name, member] : tree_.attributes) {
    if (!name.starts_with(scope)) continue;
    known.push_back({name.substr(scope.size()), member.partial.value.type, member.partial.value.writable});
  }
  return known;
}

std::vector<std::string> RandomMembers::callables_in(std::string_view scope) const {
  std::vector<std::string> names;
  for (const auto& [name, member] : tree_.scripts) {
    const auto own_name = std::string_view(name).substr(scope_of(name).size());
    if (name.starts_with(scope) && own_name.starts_with('C')) names.push_back(name.substr(scope.size()));
  }
  return names;
}

Json RandomMembers::limit(double value) {
  Json written{{"value", value}};
  if (dice_.truth()) written["deadband"] = 0.5;
  return written;
}

void RandomMembers::put_condition(Json& alarm, AlarmKind kind, DataType type) {
  if (kind == AlarmKind::kValueMatch) alarm["match"] = dice_.value(type);
  if (kind == AlarmKind::kRange) {
    alarm["range"] = {{"low", -1.5 - static_cast<double>(dice_.below(9))}, {"high", 20}, {"deadband", 0.25}};
  }
  if (kind == AlarmKind::kRateOfChange) {
    alarm["rate"] = {{"change", 1 + static_cast<double>(dice_.below(9)) / 4}, {"within", "10s"}};
    if (dice_.truth()) alarm["rate"]["direction"] = "falling";
  }
  if (kind == AlarmKind::kLimits) {
    alarm["hi"] = limit(10);
    if (dice_.truth()) alarm["hihi"] = limit(20.25);
    if (dice_.truth()) alarm["lo"] = limit(-10);
    if (dice_.truth()) alarm["lolo"] = limit(-1e6);
  }
}

Json RandomMembers::alarm() {
  const auto attributes = attributes_in("");
  if (attributes.empty()) return nullptr;
  const auto& watched = dice_.pick(attributes);
  const bool is_number = watched.type == DataType::kInt || watched.type == DataType::kFloat;
  const auto kind = is_number       ? static_cast<AlarmKind>(dice_.below(kEnumNames<AlarmKind>.size()))
                    : dice_.truth() ? AlarmKind::kBadQuality
                                    : AlarmKind::kValueMatch;
  Json written{{"attribute", watched.name}, {"kind", name(kind)}};
  put_condition(written, kind, watched.type);
  if (dice_.truth()) written["message"] = dice_.text();
  if (dice_.truth()) written["priority"] = 1 + dice_.below(1000);
  if (dice_.one_in(3)) written["on_delay"] = random_duration(dice_);
  if (dice_.one_in(3)) written["latching"] = true;
  const auto callables = callables_in("");
  if (!callables.empty() && dice_.truth()) written["script"] = dice_.pick(callables);
  if (dice_.one_in(3)) written["locked"] = some_of({"kind", "priority", "message", "hi"}, dice_);
  return written;
}

Json RandomMembers::trigger(std::string_view scope) {
  const auto attributes = attributes_in(scope);
  const auto kind = static_cast<TriggerKind>(dice_.below(kEnumNames<TriggerKind>.size()));
  if (kind == TriggerKind::kInterval || attributes.empty()) return {{"kind", "interval"}, {"interval", "2s"}};
  Json written{{"kind", name(kind)}};
  const auto& watched = dice_.pick(attributes);
  if (kind == TriggerKind::kValueChange) written["attributes"] = {watched.name};
  if (kind == TriggerKind::kCondition) {
    const bool is_number = watched.type == DataType::kInt || watched.type == DataType::kFloat;
    written["condition"] = {{"attribute", watched.name},
                            {"operator", is_number ? ">=" : "=="},
                            {"value", dice_.value(watched.type)}};
    if (dice_.truth()) {
      written["condition"]["phase"] = "while-true";
      written["interval"] = "5s";
    }
  }
  return written;
}

std::string RandomMembers::statement(const std::vector<Known>& attributes, int number) {
  if (!attributes.empty() && dice_.truth()) {
    const auto& named = dice_.pick(attributes);
    if (named.writable && dice_.truth()) return fmt::format("attributes.set(\"{}\", nil)", named.name);
    return fmt::format("local v{} = attributes.get('{}')", number, named.name);
  }
  static const std::vector<std::string> kLines{"", "  ", "do end", "-- Müller: \"ok\" # ---",
                                               "\tlog.info('a')"};
  return dice_.pick(kLines);
}

std::string RandomMembers::source(std::string_view scope, bool may_call) {
  const auto attributes = attributes_in(scope);
  const auto callables = may_call ? callables_in(scope) : std::vector<std::string>();
  std::string text;
  for (auto lines = static_cast<int>(dice_.below(6)); lines > 0; --lines) {
    if (!callables.empty() && dice_.one_in(3)) {
      text += fmt::format("scripts.call(\"{}\")\n", dice_.pick(callables));
    } else {
      text += statement(attributes, lines) + "\n";
    }
  }
  if (!text.empty() && dice_.truth()) text.pop_back();
  return text;
}

Json RandomMembers::script(bool call_only) {
  Json written{{"source", source("", !call_only)}};
  if (!call_only) written["trigger"] = trigger("");
  if (dice_.one_in(3)) written["timeout"] = "250ms";
  if (dice_.one_in(3)) written["memory_limit"] = 1 + dice_.below(1 << 21);
  if (dice_.one_in(3)) written["min_interval"] = random_duration(dice_);
  if (dice_.one_in(4)) written["locked"] = some_of({"timeout", "source"}, dice_);
  return written;
}

Json RandomMembers::override_of(const std::string&, const Member<Attribute>& member) {
  const auto type = member.partial.value.type;
  auto written = Json::object();
  if (!is_locked(member, "value")) written["value"] = dice_.value(type);
  if (!is_locked(member, "unit") && dice_.truth()) written["unit"] = dice_.text();
  if (!is_locked(member, "writable") && dice_.one_in(3)) written["writable"] = true;
  if (!is_locked(member, "address") && dice_.one_in(4)) {
    written["address"] = dice_.truth() ? "" : fmt::format("memory:o{}", dice_.below(1000));
  }
  return written;
}

Json RandomMembers::override_of(const std::string& full_name, const Member<Alarm>& member) {
  auto written = Json::object();
  const auto& alarm = member.partial.value;
  if (!is_locked(member, "message")) written["message"] = dice_.text();
  if (!is_locked(member, "priority") && dice_.truth()) written["priority"] = 1 + dice_.below(1000);
  if (dice_.one_in(3)) written["off_delay"] = random_duration(dice_);
  if (alarm.kind == AlarmKind::kLimits && !is_locked(member, "hi") && dice_.truth()) {
    written["hi"] = limit(12.5);
    if (dice_.truth()) written["lolo"] = nullptr;
  }
  const auto callables = callables_in(scope_of(full_name));
  if (dice_.one_in(3)) written["script"] = callables.empty() ? "" : dice_.pick(callables);
  return written;
}

Json RandomMembers::override_of(const std::string& full_name, const Member<Script>& member) {
  auto written = Json::object();
  const auto scope = scope_of(full_name);
  const bool call_only = full_name.substr(scope.size()).starts_with('C');
  if (!is_locked(member, "source")) written["source"] = source(scope, !call_only);
  if (!is_locked(member, "timeout") && dice_.truth()) written["timeout"] = "1min";
  if (!call_only && dice_.one_in(3)) written["trigger"] = trigger(scope);
  return written;
}

template <class T>
void RandomMembers::override_some(Json& layer, const char* folder, const std::string& prefix,
                                  const Members<T>& members, const Json& own) {
  for (const auto& [name, member] : members) {
    if (!name.starts_with(prefix) || own.contains(name) || !dice_.one_in(4)) continue;
    layer[folder][name.substr(prefix.size())] = override_of(name, member);
  }
}

void RandomMembers::override_some(Json& layer, const std::string& prefix, const Json& own) {
  override_some(layer, "attributes", prefix, tree_.attributes, own);
  override_some(layer, "alarms", prefix, tree_.alarms, own);
  override_some(layer, "scripts", prefix, tree_.scripts, own);
}

}  // namespace fieldline::templates

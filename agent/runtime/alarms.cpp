#include "agent/runtime/alarms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/runtime/limits.hpp"
#include "common/base/check.hpp"
#include "common/model/json.hpp"

namespace fieldline::runtime {
namespace {

// OPC UA Part 9 leaves the reading of 1–1000 to the site; these are the thirds that its tools show.
Severity severity_of(const Alarm& alarm, AlarmChange change) {
  if (change != AlarmChange::kRaised && change != AlarmChange::kEscalated) return Severity::kInfo;
  if (alarm.priority > 666) return Severity::kCritical;
  return alarm.priority > 333 ? Severity::kError : Severity::kWarning;
}

std::string occurrence_text(std::int64_t occurrence) {
  return occurrence == 0 ? std::string() : fmt::format("{:x}", occurrence);
}

// What a device measures has hardly more digits; those beyond come of its float32 being widened.
std::string short_text(const Value& value) {
  const auto* real = std::get_if<double>(&value);
  return real != nullptr ? fmt::format("{:.7g}", *real) : to_text(value);
}

// `quality` where the alarm is about it.
std::string sentence(const AlarmStatus& status, AlarmChange change, std::optional<Quality> quality) {
  auto text = fmt::format("{} {}", status.alarm, name(change));
  if (!status.level.empty()) text += " " + status.level;
  if (change != AlarmChange::kAcknowledged) {
    if (quality) text += fmt::format(", quality {}", name(*quality));
    text += fmt::format(", value {}", short_text(status.value));
  }
  if (!status.message.empty()) text += ": " + status.message;
  return text;
}

}  // namespace

Alarms::Alarms(const FlatConfig& config, const Attributes& attributes, const Speaker& speaker, Saver& saver,
               Activate activate)
    : attributes_(attributes),
      strand_(speaker.strand),
      instance_(speaker.instance),
      saver_(saver),
      voice_(speaker, Category::kAlarm, kAlarmRate),
      activate_(std::move(activate)),
      watchers_(config.attributes.size()) {
  conditions_.reserve(config.alarms.size());
  for (const auto& alarm : config.alarms) {
    const auto watched = attributes.find(alarm.attribute);
    FIELDLINE_CHECK(watched.has_value());
    watchers_[*watched].push_back(conditions_.size());
    conditions_.push_back({alarm, *watched, {}, 0});
  }
}

Alarms::~Alarms() {
  stop();
}

void Alarms::adopt(const Heritage& heritage) {
  for (auto& condition : conditions_) {
    const auto held = heritage.alarms.find(condition.definition.name);
    if (held == heritage.alarms.end() || held->second.kind != condition.definition.kind) continue;
    condition.state = held->second.state;
  }
}

void Alarms::bequeath(Heritage& heritage) const {
  for (const auto& [definition, attribute, state, timer] : conditions_) {
    heritage.alarms[definition.name] = {definition.kind, state};
  }
}

void Alarms::list_durable(Kept& durable) const {
  for (const auto& [definition, attribute, state, timer] : conditions_) {
    if (state.occurrence == 0) continue;
    durable[alarm_key(definition.name)] = bytes_of(HeldAlarm{definition.kind, state});
  }
}

void Alarms::start() {
  started_ = true;
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (!watchers_[i].empty()) attribute_changed(i);
  }
}

void Alarms::stop() {
  started_ = false;
  for (auto& condition : conditions_) {
    strand_.cancel(std::exchange(condition.timer, 0));
    condition.state.lose_sight();
  }
  voice_.flush();
}

void Alarms::attribute_changed(std::size_t attribute) {
  if (!started_ || watchers_[attribute].empty()) return;
  const auto sample = attributes_.sample(attribute);
  for (const auto i : watchers_[attribute]) evaluate(conditions_[i], sample);
}

Result<> Alarms::acknowledge(const std::string& alarm, const std::string& occurrence) {
  const auto found = std::find_if(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    return condition.definition.name == alarm;
  });
  if (found == conditions_.end()) {
    return fail(ErrorCode::kNotFound, fmt::format("{} has no alarm named {}", instance_, alarm));
  }
  if (occurrence.empty() || occurrence != occurrence_text(found->state.occurrence)) {
    return fail(ErrorCode::kPreconditionFailed,
                fmt::format("{} is not the present occurrence of {}; look at it again", occurrence, alarm));
  }
  take(*found, step(found->definition, found->state, Acknowledge{found->state.occurrence}, now()));
  return {};
}

std::vector<AlarmStatus> Alarms::listed() const {
  std::vector<AlarmStatus> list;
  if (!started_) return list;
  for (const auto& condition : conditions_) {
    if (condition.state.listed()) list.push_back(status(condition));
  }
  return list;
}

void Alarms::count(Tally& tally) const {
  if (!started_) return;
  tally.active_alarms += std::count_if(conditions_.begin(), conditions_.end(),
                                       [](const Condition& condition) { return condition.state.active(); });
}

Moment Alarms::now() const {
  return {strand_.clock().now(), strand_.clock().utc()};
}

void Alarms::evaluate(Condition& condition, const Sample& sample) {
  take(condition, step(condition.definition, std::move(condition.state), sample, now()));
}

void Alarms::take(Condition& condition, AlarmStep next) {
  condition.state = std::move(next.state);
  wait_for_delay(condition);
  if (next.durable) {
    saver_.put(alarm_key(condition.definition.name),
               bytes_of(HeldAlarm{condition.definition.kind, condition.state}));
  }
  if (!next.change) return;
  tell(condition, *next.change);
  if (*next.change == AlarmChange::kRaised && !condition.definition.script.empty()) {
    activate_(condition.definition.script);
  }
}

void Alarms::tell(const Condition& condition, AlarmChange change) {
  const auto seen = status(condition);
  std::optional<Quality> quality;
  if (condition.definition.kind == AlarmKind::kBadQuality) {
    quality = attributes_.sample(condition.attribute).quality;
  }
  voice_.say(severity_of(condition.definition, change), "alarms/" + condition.definition.name,
             sentence(seen, change, quality),
             to_json(seen).dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Alarms::wait_for_delay(Condition& condition) {
  strand_.cancel(std::exchange(condition.timer, 0));
  const auto due = next_due(condition.definition, condition.state);
  if (!due || !started_) return;
  condition.timer = strand_.after(*due - strand_.clock().now(), [this, &condition] {
    condition.timer = 0;
    take(condition, step(condition.definition, std::move(condition.state), TimePassed{}, now()));
  });
}

AlarmStatus Alarms::status(const Condition& condition) const {
  const auto& [definition, attribute, state, timer] = condition;
  return {.acked = state.acked,
          .active = state.active(),
          .alarm = definition.name,
          .instance = instance_,
          .latched = state.latched,
          .level = level_text(state),
          .message = definition.message,
          .occurrence = occurrence_text(state.occurrence),
          .priority = definition.priority,
          .since = state.since,
          .value = state.value};
}

}  // namespace fieldline::runtime

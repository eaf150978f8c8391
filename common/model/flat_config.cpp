#include "common/model/flat_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/model/names.hpp"

namespace fieldline {
namespace {

// The first thing wrong with a configuration, or nothing.
class Checker {
 public:
  explicit Checker(const FlatConfig& config) : config_(config) {}

  std::optional<Error> run() {
    check_header();
    check_artifacts();
    check_list(config_.connections, "connections", is_name);
    check_list(config_.attributes, "attributes", is_member_path);
    check_list(config_.alarms, "alarms", is_member_path);
    check_list(config_.scripts, "scripts", is_member_path);
    if (error_) return error_;  // lookups below rely on sorted lists
    for (const auto& attribute : config_.attributes) check_attribute(attribute);
    for (const auto& alarm : config_.alarms) check_alarm(alarm);
    for (const auto& script : config_.scripts) check_script(script);
    return error_;
  }

 private:
  void refuse(std::string where, std::string message) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, std::move(message), std::move(where), {}};
  }

  void check_header() {
    if (config_.format != FlatConfig::kFormat) {
      refuse("format",
             fmt::format("configuration format {} is not known here (format {} is); upgrade this node",
                         config_.format, FlatConfig::kFormat));
    }
    if (!is_name(config_.instance)) refuse("instance", "an instance name is missing or not a name");
    if (!is_name(config_.site)) refuse("site", "a site name is missing or not a name");
  }

  void check_artifacts() {
    const auto& artifacts = config_.artifacts;
    for (std::size_t i = 0; i < artifacts.size(); ++i) {
      const std::string_view artifact = artifacts[i];
      const auto where = [&] { return fmt::format("artifacts/{}", artifact); };
      const auto slash = artifact.find('/');
      if (slash == std::string_view::npos || !is_name(artifact.substr(0, slash)) ||
          !is_name(artifact.substr(slash + 1))) {
        refuse(where(), "an artifact is called by its kind, a slash and its name");
      }
      if (i > 0 && !(artifacts[i - 1] < artifact)) refuse(where(), "the list is not strictly sorted");
    }
  }

  template <class Member, class Rule>
  void check_list(const std::vector<Member>& list, std::string_view title, Rule rule) {
    const Member* previous = nullptr;
    for (const auto& member : list) {
      if (!rule(member.name)) refuse(fmt::format("{}/{}", title, member.name), "not a legal name");
      if (previous != nullptr && !(previous->name < member.name)) {
        refuse(fmt::format("{}/{}", title, member.name), "the list is not strictly sorted by name");
      }
      previous = &member;
    }
  }

  template <class Member>
  static const Member* find(const std::vector<Member>& list, std::string_view wanted) {
    const auto found =
        std::lower_bound(list.begin(), list.end(), wanted,
                         [](const Member& member, std::string_view key) { return member.name < key; });
    return found != list.end() && found->name == wanted ? &*found : nullptr;
  }

  void check_attribute(const Attribute& attribute) {
    const auto where = [&] { return "attributes/" + attribute.name; };
    if (!fits(attribute.value, attribute.type)) {
      refuse(where(),
             fmt::format("its value {} is not of type {}", to_text(attribute.value), name(attribute.type)));
    }
    if (attribute.address.empty() != attribute.connection.empty()) {
      refuse(where(), "an address needs a connection, and a connection an address");
    }
    if (!attribute.connection.empty() && find(config_.connections, attribute.connection) == nullptr) {
      refuse(where(), fmt::format("connection {} is not part of the configuration", attribute.connection));
    }
  }

  void check_alarm(const Alarm& alarm) {
    const auto where = [&] { return "alarms/" + alarm.name; };
    if (find(config_.attributes, alarm.attribute) == nullptr) {
      refuse(where(), fmt::format("it watches {}, which is not an attribute", alarm.attribute));
    }
    if (alarm.priority < 1 || alarm.priority > 1000) refuse(where(), "a priority is between 1 and 1000");
    check_duration(alarm.on_delay, "on-delay", where);
    check_duration(alarm.off_delay, "off-delay", where);
    if (alarm.kind == AlarmKind::kRange) check_range(alarm.range, where);
    if (alarm.kind == AlarmKind::kRateOfChange) check_rate(alarm.rate, where);
    if (!alarm.script.empty() && find(config_.scripts, alarm.script) == nullptr) {
      refuse(where(), fmt::format("its script {} is not part of the configuration", alarm.script));
    }
  }

  template <class Where>
  void check_duration(Duration duration, std::string_view what, const Where& where) {
    if (duration >= Duration::zero() && duration <= FlatConfig::kLongestDuration) return;
    refuse(where(), fmt::format("its {} is negative or longer than 366 days", what));
  }

  template <class Where>
  void check_range(const std::optional<AlarmRange>& range, const Where& where) {
    if (!range) return refuse(where(), "an alarm of range needs a range");
    if (!(range->low < range->high)) refuse(where(), "the high end of a range is above its low end");
    if (!(range->deadband >= 0 && range->deadband < range->high / 2 - range->low / 2)) {
      refuse(where(), "the deadband of a range is not negative, and less than half of its span");
    }
  }

  template <class Where>
  void check_rate(const std::optional<AlarmRate>& rate, const Where& where) {
    if (!rate) return refuse(where(), "an alarm of rate-of-change needs a rate");
    if (!(rate->change > 0)) refuse(where(), "the change of a rate is above zero");
    if (rate->within <= Duration::zero() || rate->within > AlarmRate::kLongestWithin) {
      refuse(where(), "the time of a rate is above zero and at most a day");
    }
  }

  void check_script(const Script& script) {
    const auto where = [&] { return "scripts/" + script.name; };
    if (script.memory_limit <= 0) refuse(where(), "a memory limit is above zero");
    if (script.timeout <= Duration::zero()) refuse(where(), "a timeout is above zero");
    check_duration(script.timeout, "timeout", where);
    check_duration(script.min_interval, "minimum interval", where);
    check_trigger(script.trigger, where);
  }

  template <class Where>
  void check_trigger(const ScriptTrigger& trigger, const Where& where) {
    if (repeats(trigger) && trigger.interval <= Duration::zero())
      refuse(where(), "an interval is above zero");
    check_duration(trigger.interval, "interval", where);
    for (const auto& watched : trigger.attributes) {
      if (find(config_.attributes, watched) == nullptr) {
        refuse(where(), fmt::format("its trigger names {}, which is not an attribute", watched));
      }
    }
    if (trigger.condition) {
      check_condition(*trigger.condition, where);
    } else if (trigger.kind == TriggerKind::kCondition) {
      refuse(where(), "a trigger on a condition needs a condition");
    }
  }

  template <class Where>
  void check_condition(const TriggerCondition& condition, const Where& where) {
    const auto* watched = find(config_.attributes, condition.attribute);
    if (watched == nullptr) {
      return refuse(where(),
                    fmt::format("its condition names {}, which is not an attribute", condition.attribute));
    }
    const bool none = std::holds_alternative<std::monostate>(condition.value);
    if (none || !fits(condition.value, watched->type) || !can_compare(condition.comparison, watched->type)) {
      refuse(where(), fmt::format("{} of type {} can't be compared {} {}", watched->name, name(watched->type),
                                  name(condition.comparison), to_text(condition.value)));
    }
  }

  const FlatConfig& config_;
  std::optional<Error> error_;
};

}  // namespace

Result<> check(const FlatConfig& config) {
  auto error = Checker(config).run();
  if (error) return fail(std::move(*error));
  return {};
}

}  // namespace fieldline

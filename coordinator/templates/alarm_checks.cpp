#include <fmt/format.h>

#include "coordinator/templates/member_report.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {
namespace {

class AlarmCheck {
 public:
  AlarmCheck(const Expansion& tree, const std::string& name, Member<Alarm>& member, Findings& findings)
      : tree_(tree),
        scope_(scope_of(name)),
        member_(member),
        alarm_(member.partial.value),
        report_(tree, name, member, findings) {
    alarm_.name = name;
  }

  void run() {
    report_.require_fields();
    check_numbers();
    if (member_.has("kind")) check_kind();
    if (!alarm_.script.empty()) check_script();
    if (member_.has("attribute")) check_attribute();
  }

 private:
  void check_numbers() const {
    if (alarm_.priority < 1 || alarm_.priority > 1000) {
      report_.add(FindingCode::kOutOfRange, {"priority"}, "a priority is between 1 and 1000");
    }
    check_delay("on_delay", alarm_.on_delay);
    check_delay("off_delay", alarm_.off_delay);
  }

  void check_delay(std::string_view field, Duration delay) const {
    if (delay >= Duration::zero() && delay <= FlatConfig::kLongestDuration) return;
    report_.add(FindingCode::kOutOfRange, {field}, "a delay is not negative, and at most 366 days");
  }

  void check_kind() const {
    check_use("lolo", AlarmKind::kLimits, alarm_.lolo.has_value());
    check_use("lo", AlarmKind::kLimits, alarm_.lo.has_value());
    check_use("hi", AlarmKind::kLimits, alarm_.hi.has_value());
    check_use("hihi", AlarmKind::kLimits, alarm_.hihi.has_value());
    check_use("match", AlarmKind::kValueMatch, !std::holds_alternative<std::monostate>(alarm_.match));
    check_use("range", AlarmKind::kRange, alarm_.range.has_value());
    check_use("rate", AlarmKind::kRateOfChange, alarm_.rate.has_value());
    if (alarm_.kind == AlarmKind::kLimits) check_limits();
    if (alarm_.kind == AlarmKind::kRange) check_range();
    if (alarm_.kind == AlarmKind::kRateOfChange) check_rate();
  }

  // What was written for a kind that an override has changed since is left aside.
  void check_use(std::string_view field, AlarmKind kind, bool present) const {
    if (!present || kind == alarm_.kind || member_.origin(field) < member_.origin("kind")) return;
    report_.add(FindingCode::kUnusedField, {field},
                fmt::format("an alarm of {} makes no use of {}, which is for {}", name(alarm_.kind), field,
                            name(kind)));
  }

  void check_limits() const {
    if (!alarm_.lolo && !alarm_.lo && !alarm_.hi && !alarm_.hihi) {
      report_.add(FindingCode::kMissingField, {"kind", "lolo", "lo", "hi", "hihi"},
                  "an alarm of limits needs one of lolo, lo, hi, hihi");
    }
    check_order();
  }

  void check_range() const {
    if (!alarm_.range) {
      return report_.add(FindingCode::kMissingField, {"kind", "range"}, "an alarm of range needs a range");
    }
    const auto& range = *alarm_.range;
    if (!(range.low < range.high)) {
      report_.add(FindingCode::kLimitsOutOfOrder, {"range"},
                  fmt::format("low is {}, so high must be above it, but is {}", range.low, range.high));
    } else if (!(range.deadband < range.high / 2 - range.low / 2)) {
      report_.add(FindingCode::kOutOfRange, {"range"}, "a deadband is less than half of its range");
    }
    if (range.deadband < 0) {
      report_.add(FindingCode::kOutOfRange, {"range"}, "a deadband is not negative");
    }
  }

  void check_rate() const {
    if (!alarm_.rate) {
      return report_.add(FindingCode::kMissingField, {"kind", "rate"},
                         "an alarm of rate-of-change needs a rate");
    }
    if (!(alarm_.rate->change > 0)) {
      report_.add(FindingCode::kOutOfRange, {"rate"}, "the change of a rate is above zero");
    }
    if (alarm_.rate->within <= Duration::zero() || alarm_.rate->within > AlarmRate::kLongestWithin) {
      report_.add(FindingCode::kOutOfRange, {"rate"}, "the time of a rate is above zero and at most a day");
    }
  }

  void check_order() const {
    struct Limit {
      std::string_view field;
      const AlarmLimit* limit;
    };
    const Limit rising[] = {{"lolo", alarm_.lolo ? &*alarm_.lolo : nullptr},
                            {"lo", alarm_.lo ? &*alarm_.lo : nullptr},
                            {"hi", alarm_.hi ? &*alarm_.hi : nullptr},
                            {"hihi", alarm_.hihi ? &*alarm_.hihi : nullptr}};
    const Limit* below = nullptr;
    for (const auto& above : rising) {
      if (above.limit == nullptr) continue;
      if (above.limit->deadband < 0) {
        report_.add(FindingCode::kOutOfRange, {above.field}, "a deadband is not negative");
      }
      if (below != nullptr && !(below->limit->value < above.limit->value)) {
        report_.add(FindingCode::kLimitsOutOfOrder, {below->field, above.field},
                    fmt::format("{} is {}, so {} must be above it, but is {}", below->field,
                                below->limit->value, above.field, above.limit->value));
      }
      below = &above;
    }
  }

  void check_script() {
    const auto written = alarm_.script;
    alarm_.script = std::string(scope_) + written;
    const auto found = tree_.scripts.find(alarm_.script);
    if (found == tree_.scripts.end()) {
      report_.add(FindingCode::kUnknownScript, {"script"},
                  fmt::format("there is no script {} here", written));
    } else if (found->second.partial.value.trigger.kind != TriggerKind::kCall) {
      report_.add(
          FindingCode::kNotCallOnly, {"script"},
          fmt::format("the script {} has a trigger of its own; an alarm runs call-only scripts", written));
    }
  }

  void check_attribute() {
    const auto written = alarm_.attribute;
    alarm_.attribute = std::string(scope_) + written;
    const auto found = tree_.attributes.find(alarm_.attribute);
    if (found == tree_.attributes.end()) {
      return report_.add(FindingCode::kUnknownAttribute, {"attribute"},
                         fmt::format("there is no attribute {} here", written));
    }
    if (found->second.has("type") && member_.has("kind"))
      check_type(written, found->second.partial.value.type);
  }

  void check_type(const std::string& written, DataType type) {
    if (alarm_.kind == AlarmKind::kBadQuality) return;
    if (alarm_.kind != AlarmKind::kValueMatch) {
      if (type == DataType::kInt || type == DataType::kFloat) return;
      return report_.add(FindingCode::kTypeMismatch, {"attribute", "kind"},
                         fmt::format("an alarm of {} needs a number, but {} is of type {}", name(alarm_.kind),
                                     written, name(type)));
    }
    if (std::holds_alternative<std::monostate>(alarm_.match)) {
      return report_.add(FindingCode::kMissingField, {"kind", "match"},
                         "an alarm of value-match needs a match");
    }
    auto match = coerce(alarm_.match, type);
    if (!match) return report_.add(FindingCode::kTypeMismatch, {"attribute", "match"}, match.error().message);
    alarm_.match = std::move(*match);
  }

  const Expansion& tree_;
  std::string_view scope_;
  Member<Alarm>& member_;
  Alarm& alarm_;
  MemberReport<Alarm> report_;
};

}  // namespace

void check_alarms(Expansion& tree, Findings& findings) {
  for (auto& [name, member] : tree.alarms.own()) AlarmCheck(tree, name, member, findings).run();
}

}  // namespace fieldline::templates

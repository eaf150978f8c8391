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
    if (!alarm_.script.empty()) check_script();
    if (member_.has("attribute")) check_attribute();
  }

 private:
  void check_numbers() const {
    if (alarm_.priority < 1 || alarm_.priority > 1000) {
      report_.add(FindingCode::kOutOfRange, {"priority"}, "a priority is between 1 and 1000");
    }
    if (!member_.has("kind") || alarm_.kind != AlarmKind::kLimits) return;
    if (!alarm_.lolo && !alarm_.lo && !alarm_.hi && !alarm_.hihi) {
      report_.add(FindingCode::kMissingField, {"kind", "lolo", "lo", "hi", "hihi"},
                  "an alarm of limits needs one of lolo, lo, hi, hihi");
    }
    check_order();
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
    if (alarm_.kind == AlarmKind::kLimits) {
      if (type == DataType::kInt || type == DataType::kFloat) return;
      return report_.add(FindingCode::kTypeMismatch, {"attribute", "kind"},
                         fmt::format("limits need a number, but {} is of type {}", written, name(type)));
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
  for (auto& [name, member] : tree.alarms) AlarmCheck(tree, name, member, findings).run();
}

}  // namespace fieldline::templates

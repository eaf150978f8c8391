#include <fmt/format.h>

#include <algorithm>

#include "coordinator/templates/artifact_checks.hpp"
#include "coordinator/templates/artifact_names.hpp"
#include "coordinator/templates/call_graph.hpp"
#include "coordinator/templates/limits.hpp"
#include "coordinator/templates/member_report.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {
namespace {

class ScriptMemberCheck {
 public:
  ScriptMemberCheck(const Library& library, Expansion& tree, const std::string& name, Member<Script>& member,
                    Findings& findings)
      : library_(library),
        tree_(tree),
        scope_(scope_of(name)),
        member_(member),
        script_(member.partial.value),
        report_(tree, name, member, findings) {
    script_.name = name;
  }

  void run(ScriptCheck& check, CallGraph& calls) {
    report_.require_fields();
    check_numbers();
    check_trigger();
    if (member_.has("source")) check_source(check.report(script_.source), calls);
  }

 private:
  void check_numbers() const {
    if (script_.memory_limit <= 0) {
      report_.add(FindingCode::kOutOfRange, {"memory_limit"}, "a memory limit is above zero");
    }
    if (script_.timeout <= Duration::zero() || script_.timeout > FlatConfig::kLongestDuration) {
      report_.add(FindingCode::kOutOfRange, {"timeout"}, "a timeout is above zero, and at most 366 days");
    }
    if (script_.min_interval < Duration::zero() || script_.min_interval > FlatConfig::kLongestDuration) {
      report_.add(FindingCode::kOutOfRange, {"min_interval"},
                  "a minimum interval is not negative, and at most 366 days");
    }
  }

  void check_trigger() {
    auto& trigger = script_.trigger;
    check_interval(trigger);
    check_use("attributes", !trigger.attributes.empty(), trigger.kind == TriggerKind::kValueChange);
    check_use("condition", trigger.condition.has_value(), trigger.kind == TriggerKind::kCondition);
    if (trigger.kind == TriggerKind::kValueChange && trigger.attributes.empty()) {
      report_.add(FindingCode::kMissingField, {"trigger"},
                  "a value-change trigger needs attributes to watch");
    }
    if (trigger.kind == TriggerKind::kCondition && !trigger.condition) {
      report_.add(FindingCode::kMissingField, {"trigger"}, "a condition trigger needs a condition");
    }
    for (auto& watched : trigger.attributes) resolve(watched);
    if (trigger.condition) check_condition(*trigger.condition);
  }

  void check_interval(const ScriptTrigger& trigger) const {
    const bool repeated = repeats(trigger);
    check_use("interval", trigger.interval != Duration::zero(), repeated);
    if (repeated &&
        (trigger.interval <= Duration::zero() || trigger.interval > FlatConfig::kLongestDuration)) {
      report_.add(FindingCode::kOutOfRange, {"trigger"}, "an interval is above zero, and at most 366 days");
    }
  }

  void check_use(std::string_view what, bool present, bool used) const {
    if (!present || used) return;
    report_.add(FindingCode::kUnusedField, {"trigger"},
                fmt::format("this trigger of kind {} makes no use of {}", name(script_.trigger.kind), what));
  }

  void check_condition(TriggerCondition& condition) {
    const auto written = condition.attribute;
    const auto* watched = resolve(condition.attribute);
    if (std::holds_alternative<std::monostate>(condition.value)) {
      return report_.add(FindingCode::kMissingField, {"trigger"}, "a condition needs a value to compare to");
    }
    if (watched == nullptr || !watched->has("type")) return;
    const auto type = watched->partial.value.type;
    if (!can_compare(condition.comparison, type)) {
      return report_.add(FindingCode::kTypeMismatch, {"trigger"},
                         fmt::format("{} is of type {}, which knows == and != but not {}", written,
                                     name(type), name(condition.comparison)));
    }
    auto value = coerce(condition.value, type);
    if (!value) return report_.add(FindingCode::kTypeMismatch, {"trigger"}, value.error().message);
    condition.value = std::move(*value);
  }

  // Makes what was written a full path. Null when there is no such attribute.
  const Member<Attribute>* resolve(std::string& attribute) const {
    const auto found = tree_.attributes.find(std::string(scope_) + attribute);
    if (found == tree_.attributes.end()) {
      report_.add(FindingCode::kUnknownAttribute, {"trigger"},
                  fmt::format("there is no attribute {} here", attribute));
      return nullptr;
    }
    attribute = found->first;
    return &found->second;
  }

  void check_source(const SourceReport& source, CallGraph& calls) const {
    tell_of_source(source, [this](FindingCode code, int line, std::string sentence) {
      report_.add_at_line(code, "source", line, std::move(sentence));
    });
    for (const auto& call : source.calls) check_call(call, calls);
  }

  void check_artifact_named(const DocumentKey& key, int line) const {
    if (library_.find(key) == nullptr) {
      report_.add_at_line(unknown_artifact(key.kind), "source", line,
                          fmt::format("there is no {}", key.path()));
    } else {
      tree_.artifacts.emplace(key, member_.origin("source"));
    }
  }

  void check_call(const lua::LiteralCall& call, CallGraph& calls) const {
    if (const auto artifact = artifact_named(call)) return check_artifact_named(*artifact, call.line);
    const auto full_name = std::string(scope_) + call.name;
    if (call.api == "scripts.call") {
      const auto callee = tree_.scripts.find(full_name);
      if (callee == tree_.scripts.end()) {
        report_.add_at_line(FindingCode::kUnknownScript, "source", call.line,
                            fmt::format("there is no script {} here", call.name));
      } else {
        calls.add(script_.name, callee->first, call.line);
      }
    } else if (call.api == "attributes.get" || call.api == "attributes.set") {
      const auto found = tree_.attributes.find(full_name);
      if (found == tree_.attributes.end()) {
        report_.add_at_line(FindingCode::kUnknownAttribute, "source", call.line,
                            fmt::format("there is no attribute {} here", call.name));
      } else if (call.api == "attributes.set" && !found->second.partial.value.writable) {
        report_.add_at_line(FindingCode::kReadOnlyAttribute, "source", call.line,
                            fmt::format("the attribute {} is not writable", call.name));
      }
    }
  }

  const Library& library_;
  Expansion& tree_;
  std::string_view scope_;
  Member<Script>& member_;
  Script& script_;
  MemberReport<Script> report_;
};

void tell_of_cycle(const Expansion& tree, const CallCycle& cycle, Findings& findings) {
  const auto& [name, member] = *tree.scripts.find(std::string(cycle.scripts.front()));
  const auto scope = scope_of(name).size();  // that of them all: calls don't leave their slot
  std::string around;
  for (std::size_t i = 0; i < std::min(cycle.scripts.size(), kMaxShownCalls); ++i) {
    around += fmt::format("{} → ", cycle.scripts[i].substr(scope));
  }
  if (cycle.scripts.size() > kMaxShownCalls) around += "… → ";
  MemberReport<Script>(tree, name, member, findings)
      .add_at_line(FindingCode::kCallCycle, "source", cycle.line,
                   fmt::format("the script calls itself: {}{}", around, name.substr(scope)));
}

}  // namespace

void check_scripts(const Library& library, Expansion& tree, ScriptCheck& check, Findings& findings) {
  CallGraph calls;
  for (auto& [name, member] : tree.scripts.own())
    ScriptMemberCheck(library, tree, name, member, findings).run(check, calls);
  for (const auto& cycle : calls.cycles()) tell_of_cycle(tree, cycle, findings);
}

}  // namespace fieldline::templates

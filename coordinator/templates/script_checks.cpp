#include <fmt/format.h>

#include "coordinator/templates/member_report.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {
namespace {

class ScriptMemberCheck {
 public:
  ScriptMemberCheck(const Expansion& tree, const std::string& name, Member<Script>& member,
                    Findings& findings)
      : tree_(tree),
        scope_(scope_of(name)),
        member_(member),
        script_(member.partial.value),
        report_(tree, name, member, findings) {
    script_.name = name;
  }

  void run(ScriptCheck& check) {
    report_.require_fields();
    check_numbers();
    check_trigger();
    if (member_.has("source")) check_source(check.report(script_.source));
  }

 private:
  void check_numbers() const {
    if (script_.memory_limit <= 0) {
      report_.add(FindingCode::kOutOfRange, {"memory_limit"}, "a memory limit is above zero");
    }
    if (script_.timeout <= Duration::zero()) {
      report_.add(FindingCode::kOutOfRange, {"timeout"}, "a timeout is above zero");
    }
  }

  void check_trigger() {
    auto& trigger = script_.trigger;
    if (trigger.kind == TriggerKind::kInterval && trigger.interval <= Duration::zero()) {
      report_.add(FindingCode::kOutOfRange, {"trigger"}, "an interval is above zero");
    }
    if (trigger.kind == TriggerKind::kValueChange && trigger.attributes.empty()) {
      report_.add(FindingCode::kMissingField, {"trigger"},
                  "a value-change trigger needs attributes to watch");
    }
    for (auto& watched : trigger.attributes) {
      const auto written = watched;
      watched = std::string(scope_) + written;
      if (!tree_.attributes.contains(watched)) {
        report_.add(FindingCode::kUnknownAttribute, {"trigger"},
                    fmt::format("there is no attribute {} here", written));
      }
    }
  }

  void check_source(const SourceReport& source) const {
    if (source.problem) {
      report_.add_at_line(FindingCode::kLuaSyntax, "source", source.problem->line, source.problem->message);
    }
    for (const auto& call : source.calls) check_call(call);
  }

  void check_call(const lua::LiteralCall& call) const {
    const auto full_name = std::string(scope_) + call.name;
    if (call.api == "scripts.call") {
      if (!tree_.scripts.contains(full_name)) {
        report_.add_at_line(FindingCode::kUnknownScript, "source", call.line,
                            fmt::format("there is no script {} here", call.name));
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

  const Expansion& tree_;
  std::string_view scope_;
  Member<Script>& member_;
  Script& script_;
  MemberReport<Script> report_;
};

}  // namespace

void check_scripts(Expansion& tree, ScriptCheck& check, Findings& findings) {
  for (auto& [name, member] : tree.scripts) ScriptMemberCheck(tree, name, member, findings).run(check);
}

}  // namespace fieldline::templates

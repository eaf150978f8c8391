#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "coordinator/templates/findings.hpp"
#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

struct Case {
  std::string code;
  std::string path;
  std::string yaml;  // beside kPlace, whose instance P is of the template T
};

std::string chain_of_parents(int length) {
  std::string yaml = "kind: Template\nname: T0\n";
  for (int i = 1; i <= length; ++i) {
    yaml += fmt::format("---\nkind: Template\nname: {}\nspec: {{parent: T{}}}\n",
                        i == length ? "T" : fmt::format("T{}", i), i - 1);
  }
  return yaml;
}

std::string chain_of_slots(int length) {
  std::string yaml = "kind: Template\nname: T0\n";
  for (int i = 1; i <= length; ++i) {
    yaml += fmt::format("---\nkind: Template\nname: {}\nspec: {{slots: {{S: {{template: T{}}}}}}}\n",
                        i == length ? "T" : fmt::format("T{}", i), i - 1);
  }
  return yaml;
}

std::string long_names(int levels) {
  const std::string slot(60, 's');
  std::string yaml = "kind: Template\nname: T0\nspec: {attributes: {A: {type: int}}}\n";
  for (int i = 1; i <= levels; ++i) {
    yaml += fmt::format("---\nkind: Template\nname: {}\nspec: {{slots: {{{}: {{template: T{}}}}}}}\n",
                        i == levels ? "T" : fmt::format("T{}", i), slot, i - 1);
  }
  return yaml;
}

std::string many_members(int count) {
  std::string yaml = "kind: Template\nname: T\nspec:\n  attributes:\n";
  for (int i = 0; i < count; ++i) yaml += fmt::format("    A{}: {{type: int}}\n", i);
  return yaml;
}

// A template T with these members.
std::string with(const std::string& spec) {
  return "kind: Template\nname: T\nspec: " + spec + "\n";
}

// As above, and the instance P written anew.
std::string with(const std::string& spec, const std::string& instance) {
  return with(spec) + "---\nkind: Instance\nname: P\nspec: " + instance + "\n";
}

// A template T with an attribute L of this type and an alarm H on it with these fields.
std::string alarm_on(const std::string& type, const std::string& fields) {
  return with("{attributes: {L: {type: " + type + "}}, alarms: {H: {attribute: L, " + fields + "}}}");
}

// A template T with an attribute L of this type and a script S with this trigger.
std::string triggered_by(const std::string& type, const std::string& trigger) {
  return with("{attributes: {L: {type: " + type + "}}, scripts: {S: {source: '', trigger: {" + trigger +
              "}}}}");
}

// What the kinds of alarms and triggers ask for.
std::vector<Case> cases_of_kinds() {
  const std::string alarm = "templates/T/alarms/H/";
  const std::string trigger = "templates/T/scripts/S/trigger";
  const std::string rate = "kind: rate-of-change, rate: ";
  const std::string range = "kind: range, range: ";
  return {
      {"limits-out-of-order", alarm + "range", alarm_on("float", range + "{low: 5, high: 5}")},
      {"missing-field", alarm + "kind", alarm_on("float", "kind: range")},
      {"missing-field", alarm + "kind", alarm_on("int", "kind: rate-of-change")},
      {"missing-field", trigger, triggered_by("int", "kind: condition")},
      {"missing-field", trigger,
       triggered_by("int", "kind: condition, condition: {attribute: L, operator: '==', value: null}")},
      {"out-of-range", alarm + "range", alarm_on("float", range + "{low: 1, high: 5, deadband: 2}")},
      {"out-of-range", alarm + "range", alarm_on("float", range + "{low: 1, high: 5, deadband: -1}")},
      {"out-of-range", alarm + "rate", alarm_on("float", rate + "{change: 0, within: 1s}")},
      {"out-of-range", alarm + "rate", alarm_on("float", rate + "{change: 1, within: 0s}")},
      {"out-of-range", alarm + "rate", alarm_on("float", rate + "{change: 1, within: 25h}")},
      {"out-of-range", alarm + "on_delay", alarm_on("bool", "kind: bad-quality, on_delay: 367d")},
      {"out-of-range", alarm + "off_delay", alarm_on("bool", "kind: bad-quality, off_delay: 367d")},
      {"out-of-range", "templates/T/scripts/S/min_interval",
       with("{scripts: {S: {source: '', min_interval: 367d}}}")},
      {"out-of-range", "templates/T/scripts/S/timeout", with("{scripts: {S: {source: '', timeout: 367d}}}")},
      {"out-of-range", trigger, triggered_by("int", "kind: interval, interval: 367d")},
      {"out-of-range", trigger,
       triggered_by(
           "int", "kind: condition, condition: {attribute: L, operator: '>', value: 1, phase: while-true}")},
      {"type-mismatch", alarm + "kind", alarm_on("string", range + "{low: 1, high: 5}")},
      {"type-mismatch", alarm + "kind", alarm_on("bool", rate + "{change: 1, within: 1s}")},
      {"type-mismatch", trigger,
       triggered_by("string", "kind: condition, condition: {attribute: L, operator: <, value: a}")},
      {"type-mismatch", trigger,
       triggered_by("int", "kind: condition, condition: {attribute: L, operator: <, value: 1.5}")},
      {"unknown-attribute", trigger,
       triggered_by("int", "kind: condition, condition: {attribute: M, operator: <, value: 1}")},
      {"unused-field", alarm + "range",
       alarm_on("float", "kind: limits, hi: {value: 5}, range: {low: 1, high: 5}")},
      {"unused-field", alarm + "hi", alarm_on("float", "kind: bad-quality, hi: {value: 5}")},
      {"unused-field", "instances/P/alarms/H/match",
       alarm_on("bool", "kind: bad-quality") +
           "---\nkind: Instance\nname: P\nspec: {site: north, template: T, alarms: {H: {match: true}}}\n"},
      {"unused-field", trigger, triggered_by("int", "kind: call, interval: 1s")},
      {"unused-field", trigger, triggered_by("int", "kind: interval, interval: 1s, attributes: [L]")},
      {"unused-field", trigger,
       triggered_by("int",
                    "kind: value-change, attributes: [L], condition: {attribute: L, operator: <, value: 1}")},
      {"unused-field", trigger,
       triggered_by("int",
                    "kind: condition, interval: 1s, condition: {attribute: L, operator: <, value: 1}")},
  };
}

std::vector<Case> general_cases() {
  const std::string attribute_l = "attributes: {L: {type: float}}";
  return {
      {"address-not-bound", "instances/P/bindings/A",
       with("{attributes: {A: {type: bool, address: 'memory:a'}}}")},
      {"bound-twice", "instances/P/bindings/B",
       with("{attributes: {A: {type: int, address: 'memory:a'}, B: {type: int, address: 'memory:a'}}}",
            "{site: north, template: T, bindings: {A: {connection: sim}, B: {connection: sim}}}")},
      {"call-cycle", "templates/T/scripts/A:1",
       with("{scripts: {B: {source: 'scripts.call(\"A\")'}, A: {source: 'scripts.call(\"C\")'}, "
            "C: {source: 'scripts.call(\"B\")'}}}")},
      {"call-cycle", "templates/S/scripts/A:2",
       with("{slots: {X: {template: S}, Y: {template: S}}}") +
           "---\nkind: Template\nname: S\nspec: {scripts: {A: {source: \"\\nscripts.call('A')\"}}}\n"},
      {"composition-cycle", "templates/T/slots", with("{slots: {S: {template: T}}}")},
      {"composition-cycle", "templates/A/slots",
       with("{slots: {S: {template: A}}}") +
           "---\nkind: Template\nname: A\nspec: {slots: {X: {template: T}}}\n"},
      {"configuration-too-large", "instances/P", many_members(20'000)},
      {"inheritance-cycle", "templates/A/parent",
       with("{parent: B}") + "---\nkind: Template\nname: A\nspec: {parent: B}\n---\nkind: Template\nname: B\n"
                             "spec: {parent: A}\n"},
      {"inheritance-cycle", "templates/T/parent", with("{parent: T}")},
      {"invalid-address", "instances/P/bindings/A",
       with("{attributes: {A: {type: bool, address: 'nonsense'}}}",
            "{site: north, template: T, bindings: {A: {connection: sim}}}")},
      {"invalid-connection", "connections/north/plc/endpoint",
       with("{attributes: {A: {type: bool, address: 'coil:1'}}}",
            "{site: north, template: T, bindings: {A: {connection: plc}}}") +
           "---\nkind: Connection\nname: north/plc\nspec: {protocol: modbus-tcp, endpoint: 'no port'}\n"},
      {"limits-out-of-order", "templates/T/alarms/H/hihi",
       with("{" + attribute_l +
            ", alarms: {H: {attribute: L, kind: limits, hi: {value: 5}, hihi: {value: 5}}}}")},
      {"lua-syntax", "templates/T/scripts/Start:2",
       with("{scripts: {Start: {source: \"local a = 1\\nif then\"}}}")},
      {"lua-syntax", "shared-scripts/filters:3",
       with("{}") + "---\nkind: SharedScript\nname: filters\nspec: {source: \"\\n\\nreturn {\"}\n"},
      {"member-locked", "instances/P/attributes/L/unit",
       with("{attributes: {L: {type: float, unit: m, locked: [unit]}}}",
            "{site: north, template: T, attributes: {L: {unit: cm}}}")},
      {"member-locked", "templates/T/slots/S/template",
       with("{parent: Base, slots: {S: {template: B}}}") +
           "---\nkind: Template\nname: A\n---\nkind: Template\nname: B\n---\nkind: Template\nname: Base\n"
           "spec: {slots: {S: {template: A, locked: [template]}}}\n"},
      {"missing-field", "templates/T/attributes/L", with("{attributes: {L: {unit: m}}}")},
      {"missing-field", "templates/T/slots/S", with("{slots: {S: {}}}")},
      {"missing-field", "templates/T/alarms/H/kind",
       with("{" + attribute_l + ", alarms: {H: {attribute: L, kind: limits}}}")},
      {"missing-field", "templates/T/alarms/H/kind",
       with("{" + attribute_l + ", alarms: {H: {attribute: L, kind: value-match}}}")},
      {"missing-field", "templates/T/scripts/S/trigger",
       with("{scripts: {S: {source: '', trigger: {kind: value-change}}}}")},
      {"name-collision", "templates/T/attributes/S",
       with("{slots: {S: {template: A}}, attributes: {S: {type: int}}}") + "---\nkind: Template\nname: A\n"},
      {"name-too-long", "templates/T0/attributes/A", long_names(18)},
      {"not-addressed", "instances/P/bindings/L",
       with("{" + attribute_l + "}", "{site: north, template: T, bindings: {L: {connection: sim}}}")},
      {"not-call-only", "templates/T/alarms/H/script",
       with("{" + attribute_l +
            ", alarms: {H: {attribute: L, kind: limits, hi: {value: 5}, script: S}}, scripts: "
            "{S: {source: '', trigger: {kind: interval, interval: 1s}}}}")},
      {"out-of-range", "templates/T/alarms/H/priority",
       with("{" + attribute_l +
            ", alarms: {H: {attribute: L, kind: limits, hi: {value: 5}, priority: 1001}}}")},
      {"out-of-range", "templates/T/alarms/H/lo",
       with("{" + attribute_l +
            ", alarms: {H: {attribute: L, kind: limits, lo: {value: 5, deadband: -1}}}}")},
      {"out-of-range", "templates/T/scripts/S/trigger",
       with("{scripts: {S: {source: '', trigger: {kind: interval}}}}")},
      {"out-of-range", "templates/T/scripts/S/timeout", with("{scripts: {S: {source: '', timeout: 0s}}}")},
      {"out-of-range", "templates/T/scripts/S/memory_limit",
       with("{scripts: {S: {source: '', memory_limit: 0}}}")},
      {"read-only-attribute", "templates/T/scripts/S:1",
       with("{" + attribute_l + ", scripts: {S: {source: 'attributes.set(\"L\", 1)'}}}")},
      {"read-only-attribute", "templates/T/attributes/L/retained",
       with("{attributes: {L: {type: float, retained: true}}}")},
      {"read-only-global", "templates/T/scripts/S:2",
       with("{scripts: {S: {source: \"\\nattributes = {}\"}}}")},
      {"secret-absent", "smtp-settings/mail/password",
       with("{}") +
           "---\nkind: SmtpSettings\nname: mail\nspec: {host: m, sender: 'a@b', user: u, password: {set: "
           "true}}\n"},
      {"too-deep", "templates/T/parent", chain_of_parents(64)},
      {"too-deep", "templates/T/slots", chain_of_slots(64)},
      {"too-many-members", "instances/P", many_members(100'001)},
      {"type-mismatch", "templates/T/attributes/L/value",
       with("{attributes: {L: {type: int, value: many}}}")},
      {"type-mismatch", "templates/T/alarms/H/kind",
       with("{attributes: {L: {type: string}}, alarms: {H: {attribute: L, kind: limits, hi: {value: 5}}}}")},
      {"type-mismatch", "templates/T/alarms/H/match",
       with("{attributes: {L: {type: bool}}, alarms: {H: {attribute: L, kind: value-match, match: "
            "tripped}}}")},
      {"unknown-attribute", "templates/T/alarms/H/attribute",
       with("{alarms: {H: {attribute: L, kind: limits, hi: {value: 5}}}}")},
      {"unknown-attribute", "templates/T/scripts/S/trigger",
       with("{scripts: {S: {source: '', trigger: {kind: value-change, attributes: [L]}}}}")},
      {"unknown-attribute", "templates/T/scripts/S:3",
       with("{scripts: {S: {source: \"\\n\\nreturn attributes.get('L')\"}}}")},
      {"unknown-attribute", "instances/P/bindings/L",
       with("{}", "{site: north, template: T, bindings: {L: {connection: sim}}}")},
      {"unknown-connection", "instances/P/bindings/A",
       with("{attributes: {A: {type: bool, address: 'memory:a'}}}",
            "{site: north, template: T, bindings: {A: {connection: plc9}}}")},
      {"unknown-database-connection", "templates/T/scripts/S:1",
       with("{scripts: {S: {source: 'database.query(\"history\", \"select 1\")'}}}")},
      {"unknown-external-system", "instances/P/scripts/S:2",
       with("{scripts: {S: {source: ''}}}",
            "{site: north, template: T, scripts: {S: {source: \"\\nexternal.send('erp', {})\"}}}")},
      {"unknown-external-system", "shared-scripts/orders:1",
       with("{}") +
           "---\nkind: SharedScript\nname: orders\nspec: {source: \"return external.call('erp')\"}\n"},
      {"unknown-global", "templates/T/scripts/S:3", with("{scripts: {S: {source: \"\\n\\nsleeep(1)\"}}}")},
      {"unknown-global", "templates/T/scripts/S:1",
       with("{scripts: {S: {source: 'local count = 1; coutn = count + 1'}}}")},
      {"unknown-global", "shared-scripts/filters:2",
       with("{}") +
           "---\nkind: SharedScript\nname: filters\nspec: {source: \"\\nreturn {smooth = smoth}\"}\n"},
      {"unknown-member", "instances/P/attributes/L",
       with("{}", "{site: north, template: T, attributes: {L: {value: 1}}}")},
      {"unknown-member", "templates/T/slots/S/scripts/Go",
       with("{slots: {S: {template: A, scripts: {Go: {source: ''}}}}}") + "---\nkind: Template\nname: A\n"},
      {"unknown-member", "templates/T/alarms/S.H", with("{alarms: {S.H: {priority: 1}}}")},
      {"unknown-notification-list", "templates/T/scripts/S:1",
       with("{scripts: {S: {source: 'notify.send(\"operators\", \"hello\")'}}}")},
      {"unknown-parent", "templates/T/parent", with("{parent: Nobody}")},
      {"unknown-script", "templates/T/alarms/H/script",
       with("{" + attribute_l + ", alarms: {H: {attribute: L, kind: limits, hi: {value: 5}, script: S}}}")},
      {"unknown-script", "templates/T/scripts/S:1",
       with("{scripts: {S: {source: 'scripts.call(\"Other\")'}}}")},
      {"unknown-shared-script", "templates/A/scripts/S:1",
       with("{slots: {X: {template: A}}}") +
           "---\nkind: Template\nname: A\nspec: {scripts: {S: {source: 'return shared.filters'}}}\n"},
      {"unknown-site", "instances/P/site", with("{}", "{site: south, template: T}")},
      {"unknown-smtp-settings", "notification-lists/ops/smtp",
       with("{}") + "---\nkind: NotificationList\nname: ops\nspec: {recipients: ['a@b'], smtp: mail}\n"},
      {"unknown-template", "instances/P/template", "kind: Template\nname: U\n"},
      {"unknown-template", "templates/T/slots/S/template", with("{slots: {S: {template: Nobody}}}")},
  };
}

std::vector<Case> cases() {
  auto all = general_cases();
  const auto kinds = cases_of_kinds();
  all.insert(all.end(), kinds.begin(), kinds.end());
  return all;
}

// Documents of the case replace those of kPlace.
Library library_of(const Case& test) {
  return Library(documents_of(kPlace)).with(documents_of(test.yaml));
}

}  // namespace

TEST_CASE("everything that can be wrong is found at its place, and nothing else is said") {
  for (const auto& test : cases()) {
    INFO(test.code << " at " << test.path);
    const auto library = library_of(test);
    const auto derived = flatten(library, "P");
    // What is wrong with an artifact itself is told when it is stored.
    const auto stored = validate(library);
    REQUIRE_FALSE((derived && stored));
    const auto& error = derived ? stored.error() : derived.error();
    CHECK(error.code == ErrorCode::kValidationFailed);
    INFO(error.describe());
    REQUIRE(error.findings.size() == 1);
    CHECK(error.findings[0].code == test.code);
    CHECK(error.findings[0].path == test.path);
    CHECK_FALSE(error.findings[0].message.empty());
  }
}

TEST_CASE("each code of a finding is reached by a case and explained in the documentation") {
  std::set<std::string> reached;
  for (const auto& test : cases()) reached.insert(test.code);
  std::ifstream file(FIELDLINE_DOCS "/findings.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const auto code : kEnumNames<FindingCode>) {
    INFO(code);
    CHECK(reached.contains(std::string(code)));
    CHECK(text.str().find(fmt::format("## {}\n", code)) != std::string::npos);
  }
}

TEST_CASE("all findings come at once, each once, though two slots show the same one") {
  const auto library = library_of(placed(R"(
kind: Template
name: Pump
spec:
  alarms: {A: {attribute: Nowhere, kind: limits, hi: {value: 1}}}
  scripts: {S: {source: "if then"}}
---
kind: Template
name: T
spec:
  slots: {Pump1: {template: Pump}, Pump2: {template: Pump}}
  attributes: {L: {type: int, value: 1.5}}
)"));
  const auto derived = flatten(library, "P");
  REQUIRE_FALSE(derived);
  std::vector<std::string> paths;
  for (const auto& finding : derived.error().findings) paths.push_back(finding.path);
  CHECK(paths == std::vector<std::string>{"templates/Pump/alarms/A/attribute", "templates/Pump/scripts/S:1",
                                          "templates/T/attributes/L/value"});
}

TEST_CASE("an override may change the kind of an alarm and leave what the other kind needed") {
  const auto derived = derived_of(library_of(placed(R"(
kind: Template
name: Base
spec:
  attributes: {L: {type: float}}
  alarms: {A: {attribute: L, kind: limits, hi: {value: 1}}}
---
kind: Template
name: T
spec: {parent: Base, alarms: {A: {kind: range, range: {low: 0, high: 9}}}}
)")));
  CHECK(derived.config.alarms.at(0).kind == AlarmKind::kRange);
}

TEST_CASE("a duration below zero is none, and refused as it is read") {
  for (const auto* alarm : {"{attribute: L, kind: bad-quality, on_delay: -1s}",
                            "{attribute: L, kind: bad-quality, off_delay: -1s}",
                            "{attribute: L, kind: rate-of-change, rate: {change: 1, within: -1s}}"}) {
    CHECK_FALSE(parse_documents(
        fmt::format("{{kind: Template, name: T, spec: {{alarms: {{A: {}}}}}}}", alarm), TextFormat::kYaml));
  }
  CHECK_FALSE(parse_documents("{kind: Template, name: T, spec: {scripts: {S: {min_interval: -1s}}}}",
                              TextFormat::kYaml));
}

TEST_CASE("a circle of calls is told with the way around, and calls that end are not") {
  const auto sentence_of = [](const std::string& scripts) {
    const auto stored =
        validate(library_of(placed("kind: Template\nname: T\nspec: {scripts: {" + scripts + "}}\n")));
    if (stored) return std::string();
    REQUIRE(stored.error().findings.size() == 1);
    return stored.error().findings.front().message;
  };
  const auto calling = [](std::string_view name, std::initializer_list<std::string_view> callees) {
    std::string source;
    for (const auto callee : callees) source += fmt::format("scripts.call(''{}'') ", callee);
    return fmt::format("{}: {{source: '{}'}}, ", name, source);
  };
  CHECK(sentence_of(calling("Z", {"M", "B"}) + calling("B", {"M"}) + calling("M", {"B"})) ==
        "the script calls itself: B → M → B");
  CHECK(sentence_of(calling("A", {"A"})) == "the script calls itself: A → A");
  CHECK(sentence_of(calling("A", {"B", "C", "D"}) + calling("B", {"C", "D"}) + calling("C", {"D"}) +
                    calling("D", {})) == "");
  std::string chain;
  for (int i = 0; i < 20'000; ++i) chain += calling(fmt::format("S{}", i), {fmt::format("S{}", i + 1)});
  CHECK(sentence_of(chain + calling("S20000", {})) == "");
  const auto around = sentence_of(chain + calling("S20000", {"S0"}));
  CHECK(around.starts_with("the script calls itself: S0 → S1 → S2 → "));
  CHECK(around.ends_with("S19 → … → S0"));
}

TEST_CASE("63 ancestors and slots 64 deep are allowed") {
  CHECK(flatten(library_of(Case{"", "", chain_of_parents(63)}), "P"));
  CHECK(flatten(library_of(Case{"", "", chain_of_slots(63)}), "P"));
}

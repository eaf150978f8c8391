#include <algorithm>

#include "common/base/hash.hpp"
#include "common/base/random.hpp"
#include "common/wire/config.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kTwoPumps = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Template
name: Motor
spec:
  attributes:
    Running: {type: bool, address: "memory:run", writable: true}
    Speed: {type: float, unit: rpm, value: 0}
---
kind: Template
name: Pump
spec:
  parent: Motor
  attributes:
    Speed: {unit: "%", locked: [unit]}
    Flow: {type: float, unit: m3/h}
  alarms:
    NoFlow: {attribute: Flow, kind: limits, lo: {value: 1, deadband: 0.5}, script: Stop, on_delay: 5s}
  scripts:
    Stop: {source: 'attributes.set("Running", false)'}
---
kind: Template
name: Station
spec:
  slots:
    Pump1:
      template: Pump
      alarms: {NoFlow: {priority: 800}}
    Pump2: {template: Pump}
  attributes:
    Pump2.Speed: {value: 25}
  alarms:
    Pump2.NoFlow: {on_delay: 10s}
---
kind: Instance
name: P
spec:
  area: north/hall-1
  site: north
  template: Station
  attributes:
    Pump1.Speed: {value: 50}
  bindings:
    Pump1.Running: {connection: sim}
    Pump2.Running: {connection: sim, address: "memory:run2"}
)";

}  // namespace

TEST_CASE("a child has its parent's members and its own changes of them") {
  const auto derived = derived_of(library_of(placed(R"(
kind: Template
name: Base
spec: {attributes: {A: {type: int, unit: bar, value: 1}, B: {type: bool}}}
---
kind: Template
name: T
spec: {parent: Base, attributes: {A: {value: 2}, C: {type: string}}}
)")));
  REQUIRE(derived.config.attributes.size() == 3);
  const auto& a = attribute_of(derived, "A");
  CHECK(a.unit == "bar");
  CHECK(a.value == Value(std::int64_t{2}));
}

TEST_CASE("slots of any depth flatten to paths, and what is written farthest out wins") {
  const auto derived = derived_of(library_of(kTwoPumps));
  CHECK(attribute_of(derived, "Pump1.Speed").value == Value(50.0));
  CHECK(attribute_of(derived, "Pump2.Speed").value == Value(25.0));
  CHECK(attribute_of(derived, "Pump2.Speed").unit == "%");
  CHECK(attribute_of(derived, "Pump1.Running").address == "memory:run");
  CHECK(attribute_of(derived, "Pump2.Running").address == "memory:run2");
  CHECK(derived.config.area == "north/hall-1");
  REQUIRE(derived.config.connections.size() == 1);
  CHECK(derived.config.connections.front().name == "sim");
}

TEST_CASE("references inside a slot stay inside it") {
  const auto derived = derived_of(library_of(kTwoPumps));
  REQUIRE(derived.config.alarms.size() == 2);
  const auto& alarm = derived.config.alarms[1];
  CHECK(alarm.name == "Pump2.NoFlow");
  CHECK(alarm.attribute == "Pump2.Flow");
  CHECK(alarm.script == "Pump2.Stop");
  CHECK(alarm.on_delay == std::chrono::seconds(10));
  CHECK(derived.config.alarms[0].priority == 800);
}

TEST_CASE("the kinds of alarms and a condition come whole to the site, relative to their slot") {
  const auto derived = derived_of(library_of(placed(R"(
kind: Template
name: Tank
spec:
  attributes: {Level: {type: float}, Due: {type: timestamp}}
  alarms:
    Lost: {attribute: Due, kind: bad-quality}
    Outside: {attribute: Level, kind: range, range: {low: 1, high: 3, deadband: 0.25}}
    Falls: {attribute: Level, kind: rate-of-change, rate: {change: 2, within: 1min, direction: falling}}
  scripts:
    Drain:
      source: ""
      trigger:
        kind: condition
        interval: 5s
        condition: {attribute: Level, operator: ">=", value: 3, phase: while-true}
    Remind:
      source: ""
      trigger: {kind: condition, condition: {attribute: Due, operator: <, value: "2027-01-01T00:00:00Z"}}
---
kind: Template
name: T
spec: {slots: {Tank1: {template: Tank}}}
)")));
  const auto& alarms = derived.config.alarms;
  REQUIRE(alarms.size() == 3);
  CHECK(alarms[0].rate ==
        AlarmRate{.change = 2, .direction = RateDirection::kFalling, .within = std::chrono::minutes(1)});
  CHECK(alarms[1].kind == AlarmKind::kBadQuality);
  CHECK(alarms[2].range == AlarmRange{.deadband = 0.25, .high = 3, .low = 1});
  const auto& scripts = derived.config.scripts;
  REQUIRE(scripts.size() == 2);
  CHECK(scripts[0].trigger.interval == std::chrono::seconds(5));
  CHECK(scripts[0].trigger.condition == TriggerCondition{.attribute = "Tank1.Level",
                                                         .comparison = Comparison::kGreaterOrEqual,
                                                         .phase = ConditionPhase::kWhileTrue,
                                                         .value = 3.0});
  CHECK(scripts[1].trigger.condition->attribute == "Tank1.Due");
  CHECK(std::holds_alternative<Timestamp>(scripts[1].trigger.condition->value));
  const auto opened = wire::open_config(derived.bytes, derived.revision);
  REQUIRE(opened);
  CHECK(*opened == derived.config);
}

TEST_CASE("a derived template may fill an inherited slot with another template") {
  const auto derived = derived_of(library_of(placed(R"(
kind: Template
name: Small
spec: {attributes: {Power: {type: int, value: 1}}}
---
kind: Template
name: Large
spec: {parent: Small, attributes: {Power: {value: 9}, Cooling: {type: bool}}}
---
kind: Template
name: Base
spec: {slots: {Motor: {template: Small}}}
---
kind: Template
name: T
spec: {parent: Base, slots: {Motor: {template: Large, attributes: {Cooling: {value: true}}}}}
)")));
  CHECK(attribute_of(derived, "Motor.Power").value == Value(std::int64_t{9}));
  CHECK(attribute_of(derived, "Motor.Cooling").value == Value(true));
}

TEST_CASE("null takes an inherited limit away") {
  const auto derived = derived_of(library_of(placed(R"(
kind: Template
name: Base
spec:
  attributes: {L: {type: float}}
  alarms: {A: {attribute: L, kind: limits, hi: {value: 1}, hihi: {value: 2}}}
---
kind: Template
name: T
spec: {parent: Base, alarms: {A: {hihi: null}}}
)")));
  REQUIRE(derived.config.alarms.size() == 1);
  CHECK(derived.config.alarms[0].hi.has_value());
  CHECK_FALSE(derived.config.alarms[0].hihi.has_value());
}

TEST_CASE("the bytes have their revision, and a site accepts them") {
  const auto derived = derived_of(library_of(kTwoPumps));
  CHECK(derived.revision == blake2b_hex(derived.bytes));
  const auto opened = wire::open_config(derived.bytes, derived.revision);
  REQUIRE(opened);
  CHECK(*opened == derived.config);
}

TEST_CASE("the order of documents makes no difference to the bytes") {
  auto documents = documents_of(kTwoPumps);
  const auto revision = derived_of(Library(documents)).revision;
  Random random(11);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = documents.size(); i > 1; --i)
      std::swap(documents[i - 1], documents[random.below(i)]);
    CHECK(derived_of(Library(documents)).revision == revision);
  }
}

TEST_CASE("a member that a root gains reaches every descendant and instance") {
  const auto before = library_of(kTwoPumps);
  const auto after = before.with(documents_of(R"(
kind: Template
name: Motor
spec:
  attributes:
    Hours: {type: int}
    Running: {type: bool, address: "memory:run", writable: true}
    Speed: {type: float, unit: rpm, value: 0}
)"));
  const auto derived = derived_of(after);
  attribute_of(derived, "Pump1.Hours");
  attribute_of(derived, "Pump2.Hours");
  CHECK(derived.revision != derived_of(before).revision);
}

TEST_CASE("every field knows the document that gave it") {
  const auto derived = derived_of(library_of(kTwoPumps));
  const auto& provenance = derived.provenance;
  const auto source = [&](const std::string& member, const std::string& field) {
    const auto& origin = provenance.members.at(member);
    const auto overridden = origin.overridden.find(field);
    return provenance.sources.at(static_cast<std::size_t>(
        overridden != origin.overridden.end() ? overridden->second : origin.definer));
  };
  CHECK(source("attributes/Pump1.Speed", "type").document == "templates/Motor");
  CHECK(source("attributes/Pump1.Speed", "unit").document == "templates/Pump");
  CHECK(source("attributes/Pump1.Speed", "value").document == "instances/P");
  CHECK(source("attributes/Pump2.Speed", "value").document == "templates/Station");
  CHECK(source("alarms/Pump1.NoFlow", "priority").document == "templates/Station");
  CHECK(source("attributes/Pump1.Running", "connection").kind == OriginKind::kBinding);
  CHECK(source("attributes/Pump1.Running", "address").document == "templates/Motor");
  CHECK(source("attributes/Pump2.Running", "address").kind == OriginKind::kBinding);
  CHECK(source("connections/sim", "protocol").kind == OriginKind::kConnection);

  Provenance stored;
  REQUIRE(from_json(to_json(provenance), stored));
  CHECK(stored == provenance);
}

TEST_CASE("there is nothing to derive for an instance that does not exist") {
  const auto derived = flatten(library_of(kTwoPumps), "Nobody");
  REQUIRE_FALSE(derived);
  CHECK(derived.error().code == ErrorCode::kNotFound);
}

TEST_CASE("slots that double at each level are refused before they fill the memory") {
  std::string yaml(kPlace);
  yaml += "kind: Template\nname: L0\nspec: {attributes: {A: {type: int}}}\n---\n";
  for (int level = 1; level <= 40; ++level) {
    yaml += fmt::format(
        "kind: Template\nname: L{0}\nspec: {{slots: {{X: {{template: L{1}}}, Y: {{template: "
        "L{1}}}}}}}\n---\n",
        level, level - 1);
  }
  yaml += "kind: Template\nname: T\nspec: {slots: {X: {template: L40}}}\n";
  const auto derived = flatten(library_of(yaml), "P");
  REQUIRE_FALSE(derived);
  REQUIRE(derived.error().findings.size() == 1);
  CHECK(derived.error().findings[0].code == "too-many-members");
}

TEST_CASE("what flattens is what a site takes, whatever was done to the documents") {
  Random random(17);
  int flattened = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text(kTwoPumps);
    for (auto i = 1 + random.below(3); i > 0; --i) {
      const auto from = random.below(text.size());
      const auto to = random.below(text.size());
      text[to] = text[from];
    }
    const auto documents = parse_documents(text, TextFormat::kYaml);
    if (!documents) continue;
    const auto derived = flatten(Library(*documents), "P");
    if (!derived) continue;
    ++flattened;
    INFO(text);
    REQUIRE(check(derived->config));
  }
  CHECK(flattened > 100);
}

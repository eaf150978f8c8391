#include "coordinator/templates/cause.hpp"

#include "coordinator/templates/diff.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kBlower = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Connection
name: north/spare
spec: {protocol: simulator}
---
kind: Template
name: Motor
spec: {attributes: {Hours: {type: int, value: 1}, Run: {type: bool, address: "memory:run"}, Speed: {type: float, value: 10, unit: rpm}}}
---
kind: Template
name: Fan
spec: {parent: Motor, attributes: {Noise: {type: float}}}
---
kind: Template
name: Turbine
spec: {attributes: {Speed: {type: float, value: 99, unit: rpm}}}
---
kind: Template
name: Base
spec: {attributes: {Mode: {type: string}}}
---
kind: Template
name: Blower
spec: {parent: Base, slots: {A: {template: Fan}, B: {template: Turbine}}}
---
kind: Instance
name: P
spec: {site: north, template: Blower, bindings: {A.Run: {connection: sim}}}
)";

// What two sets of documents say of P, and who is to blame.
struct Edit {
  Library before = library_of(kBlower);
  Library after;
  Diff result;

  explicit Edit(std::string_view yaml, std::string_view first = "") {
    if (!first.empty()) before = before.with(documents_of(first));
    after = before.with(documents_of(yaml));
    const auto deployed = derived_of(before);
    const auto derived = derived_of(after);
    result = diff({&deployed.config, &deployed.provenance}, {&derived.config, &derived.provenance});
  }

  [[nodiscard]] Cause cause(const DocumentKey& key, OriginKind kind) const {
    const auto revision = [&](const Library& library) {
      const auto* document = library.find(key);
      return document == nullptr ? std::nullopt : std::optional(document->revision);
    };
    return {key.path(), kind, revision(before), revision(after)};
  }
  [[nodiscard]] Cause of_template(const std::string& name) const {
    return cause({DocumentKind::kTemplate, name}, OriginKind::kTemplate);
  }
  [[nodiscard]] Cause of_instance(OriginKind kind = OriginKind::kOverride) const {
    return cause({DocumentKind::kInstance, "P"}, kind);
  }
  // Every entry has this cause.
  [[nodiscard]] bool only(const Cause& cause) const {
    return !result.empty() && causes_of(result) == std::set<Cause>{cause};
  }
};

std::string motor(const std::string& attributes) {
  return "kind: Template\nname: Motor\nspec: {attributes: {" + attributes + "}}\n";
}

std::string instance(const std::string& more, const std::string& name = "Blower") {
  return "kind: Instance\nname: P\nspec: {site: north, template: " + name + ", " + more + "}\n";
}

constexpr auto kHours = "Hours: {type: int, value: 1}";
constexpr auto kRun = "Run: {type: bool, address: 'memory:run'}";
constexpr auto kSpeed = "Speed: {type: float, value: 10, unit: rpm}";
constexpr auto kBound = "bindings: {A.Run: {connection: sim}}";

std::string listed(std::initializer_list<std::string> parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

}  // namespace

TEST_CASE("an edited field is the doing of the template that writes it, with both its revisions") {
  const Edit edit(motor(listed({kHours, kRun, "Speed: {type: float, value: 11, unit: rpm}"})));
  CHECK(edit.only(edit.of_template("Motor")));
  CHECK(edit.of_template("Motor").from != edit.of_template("Motor").to);
}

TEST_CASE("a member that an ancestor gains or loses is that ancestor's doing") {
  const Edit gained(motor(listed({kHours, kRun, kSpeed, "Heat: {type: float}"})));
  CHECK(gained.only(gained.of_template("Motor")));
  const Edit lost(motor(listed({kRun, kSpeed})));
  CHECK(lost.only(lost.of_template("Motor")));
}

TEST_CASE("another parent is the doing of the child, whatever the parents say") {
  const Edit edit(
      "{kind: Template, name: Engine, spec: {attributes: {Run: {type: bool, address: 'memory:run'}, Speed: "
      "{type: "
      "float, value: 7}}}}\n---\n{kind: Template, name: Fan, spec: {parent: Engine, attributes: {Noise: "
      "{type: "
      "float}}}}\n---\n" +
      motor(listed({kHours, kRun, "Speed: {type: float, value: 5}"})));
  CHECK(edit.only(edit.of_template("Fan")));
}

TEST_CASE("an ancestor between two others brings what it says, and is brought by the younger one") {
  const Edit edit(
      "{kind: Template, name: Middle, spec: {parent: Motor, attributes: {Speed: {value: 3}}}}\n---\n"
      "{kind: Template, name: Fan, spec: {parent: Middle, attributes: {Noise: {type: float}}}}\n");
  CHECK(edit.only(edit.of_template("Fan")));
}

TEST_CASE("another template in a slot is the doing of the template that has the slot") {
  const auto filled = [](const std::string& a) {
    return "kind: Template\nname: Blower\nspec: {parent: Base, slots: {A: {template: " + a +
           "}, B: {template: Turbine}}}\n";
  };
  // Turbine stands in B already, and is edited as well: what A shows is still the refilled slot's doing.
  const Edit edit(
      filled("Turbine") +
      "---\n{kind: Template, name: Turbine, spec: {attributes: {Load: {type: float}, Speed: {type: "
      "float, value: 98, unit: rpm}}}}\n---\n" +
      instance("bindings: {}"));
  for (const auto& member : edit.result.members) {
    INFO(member.name);
    if (member.kind == MemberKind::kConnection) {
      CHECK(member.cause == edit.of_instance(OriginKind::kBinding));
    } else {
      CHECK(member.cause == edit.of_template(member.name.starts_with("A.") ? "Blower" : "Turbine"));
    }
  }
  CHECK(edit.result.members.size() == 8);
}

TEST_CASE("an override that the instance gains or loses is its own doing, whatever is under it") {
  const auto over = instance(listed({kBound, "attributes: {A.Speed: {value: 5}}"}));
  const auto other_speed = motor(listed({kHours, kRun, "Speed: {type: float, value: 20, unit: rpm}"}));
  const Edit gained(over);
  CHECK(gained.only(gained.of_instance()));
  const Edit gained_over_an_edit(over + "---\n" + other_speed);
  CHECK(gained_over_an_edit.only(gained_over_an_edit.of_instance()));
  const Edit lost(instance(kBound) + "---\n" + other_speed, over);
  CHECK(lost.only(lost.of_instance()));
}

TEST_CASE("of an edited template and an edited instance the one that gives the field is named") {
  const auto over = instance(listed({kBound, "attributes: {A.Hours: {value: 2}}"}));
  const auto more_over = instance(listed({kBound, "attributes: {A.Hours: {value: 3}}"}));
  const Edit edit(
      more_over + "---\n" +
          motor(listed({"Hours: {type: int, value: 9}", kRun, "Speed: {type: float, value: 20, unit: rpm}"})),
      over);
  REQUIRE(edit.result.members.size() == 2);
  CHECK(edit.result.members[0].name == "A.Hours");
  CHECK(edit.result.members[0].cause == edit.of_instance());
  CHECK(edit.result.members[1].name == "A.Speed");
  CHECK(edit.result.members[1].cause == edit.of_template("Motor"));
}

TEST_CASE("two edits that reach one member are told apart by its fields") {
  const Edit edit(
      "kind: Template\nname: Fan\nspec: {parent: Motor, attributes: {Noise: {type: float}, Speed: "
      "{unit: '%'}}}\n---\n" +
      motor(listed({kHours, kRun, "Speed: {type: float, value: 12, unit: rpm}"})));
  REQUIRE(edit.result.members.size() == 1);
  const auto& changes = edit.result.members[0].changes;
  REQUIRE(changes.size() == 2);
  CHECK(changes[0].field == "unit");
  CHECK(changes[0].cause == edit.of_template("Fan"));
  CHECK(changes[1].field == "value");
  CHECK(changes[1].cause == edit.of_template("Motor"));
  CHECK(causes_of(edit.result).size() == 2);
}

TEST_CASE("an ancestor's override of what a slot holds is its own doing, though the filler changed too") {
  const auto base = [](const std::string& more) {
    return "kind: Template\nname: Base\nspec: {attributes: {Mode: {type: string}}, slots: {B: {template: "
           "Turbine" +
           more + "}}}\n";
  };
  const std::string turbine =
      "{kind: Template, name: Turbine, spec: {attributes: {Speed: {type: float, value: 98, unit: rpm}}}}\n";
  const auto over = base(", attributes: {Speed: {value: 1}}");
  const Edit gained(over + "---\n" + turbine, base(""));
  CHECK(gained.only(gained.of_template("Base")));
  const Edit lost(base("") + "---\n" + turbine, over);
  CHECK(lost.only(lost.of_template("Base")));
}

TEST_CASE("another type of an attribute is the cause of how its value reads") {
  const auto over = instance(listed({kBound, "attributes: {A.Hours: {value: 5}}"}));
  const Edit edit(motor(listed({"Hours: {type: float, value: 1}", kRun, kSpeed})), over);
  CHECK(edit.only(edit.of_template("Motor")));
}

TEST_CASE("a binding that changes is the instance's doing, an address below it the template's") {
  const Edit spare(instance("bindings: {A.Run: {connection: spare}}"));
  CHECK(spare.only(spare.of_instance(OriginKind::kBinding)));
  const Edit moved(motor(listed({kHours, "Run: {type: bool, address: 'memory:other'}", kSpeed})));
  CHECK(moved.only(moved.of_template("Motor")));
  const Edit both(instance("bindings: {A.Run: {connection: spare}}") + "---\n" +
                  motor(listed({kHours, "Run: {type: bool, address: 'memory:other'}", kSpeed})));
  REQUIRE(both.result.bindings.size() == 1);
  CHECK(both.result.bindings[0].cause == both.of_instance(OriginKind::kBinding));
  CHECK(both.result.bindings[0].address_cause == both.of_template("Motor"));
  CHECK(causes_of(both.result) ==
        std::set<Cause>{both.of_instance(OriginKind::kBinding), both.of_template("Motor")});
}

TEST_CASE("a connection's own edit is told from a binding to another one") {
  const std::string slower =
      "{kind: Connection, name: north/sim, spec: {protocol: simulator, options: {poll: 5s}}}\n";
  const Edit edit(slower);
  CHECK(edit.only(edit.cause({DocumentKind::kConnection, "north/sim"}, OriginKind::kConnection)));
  const Edit left(slower + "---\n" + instance("bindings: {A.Run: {connection: spare}}"));
  CHECK(left.only(left.of_instance(OriginKind::kBinding)));
}

TEST_CASE("a template that is renamed makes its users differ by their own edit") {
  const Edit edit(
      "{kind: Template, name: Blower2, spec: {parent: Base, slots: {A: {template: Fan}, B: {template: "
      "Turbine, attributes: {Speed: {value: 4}}}}}}\n---\n" +
      instance(kBound, "Blower2"));
  CHECK(edit.only(edit.of_instance()));
}

TEST_CASE("of what was never deployed each entry names who gives it, from nothing") {
  const auto derived = derived_of(library_of(kBlower));
  const auto result = diff({}, {&derived.config, &derived.provenance});
  for (const auto& member : result.members) CHECK_FALSE(member.cause.from);
  CHECK(result.members.front().cause.document == "templates/Motor");
}

TEST_CASE("where only the program differs, no document is blamed") {
  const auto derived = derived_of(library_of(kBlower));
  auto deployed = derived;
  deployed.config.format += 1;
  const auto result = diff({&deployed.config, &deployed.provenance}, {&derived.config, &derived.provenance});
  REQUIRE(result.members.size() == 1);
  CHECK_FALSE(result.members[0].cause.is_edit());
  CHECK(causes_of(result).empty());
}

#include "coordinator/templates/diff.hpp"

#include "common/wire/codec.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kStation = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Template
name: Motor
spec: {attributes: {Run: {type: bool, address: "memory:run"}, Speed: {type: float, unit: rpm}}}
---
kind: Template
name: Pump
spec:
  parent: Motor
  scripts:
    Log:
      source: |
        local run = attributes.get("Run")
        return run
---
kind: Template
name: Station
spec: {slots: {P1: {template: Pump}}}
---
kind: Instance
name: P
spec: {site: north, template: Station, bindings: {P1.Run: {connection: sim}}}
)";

Side side(const Derived& derived) {
  return {&derived.config, &derived.provenance};
}

// The change that these documents make to the station, as stored and read again.
Diff change(std::string_view yaml, std::string_view station = kStation) {
  const auto before = library_of(station);
  const auto after = before.with(documents_of(yaml));
  auto deployed = derived_of(before);
  const auto stored = wire::decode<Provenance>(wire::encode(deployed.provenance));
  REQUIRE(stored);
  deployed.provenance = *stored;
  return diff(side(deployed), side(derived_of(after)));
}

std::string revision_of(const Library& library, DocumentKey key) {
  return library.find(key)->revision;
}

}  // namespace

TEST_CASE("a diff by names finds the same members and bindings, without their fields") {
  const auto before = library_of(kStation);
  const auto after = before.with(documents_of(R"(
kind: Template
name: Motor
spec: {attributes: {Run: {type: bool}, Torque: {type: float}}}
---
kind: Instance
name: P
spec: {site: north, template: Station}
)"));
  const auto from = derived_of(before);
  const auto to = derived_of(after);
  for (const auto& side : {Side{}, Side{&from.config, nullptr}}) {
    const auto whole = diff(side, {&to.config, nullptr});
    const auto names = diff(side, {&to.config, nullptr}, Detail::kNames);
    REQUIRE(names.members.size() == whole.members.size());
    CHECK(names.bindings == whole.bindings);
    for (std::size_t i = 0; i < whole.members.size(); ++i) {
      CHECK(names.members[i].change == whole.members[i].change);
      CHECK(names.members[i].kind == whole.members[i].kind);
      CHECK(names.members[i].name == whole.members[i].name);
    }
  }
}

TEST_CASE("nothing differs from itself") {
  const auto derived = derived_of(library_of(kStation));
  CHECK(diff(side(derived), side(derived)).empty());
}

TEST_CASE("of an instance that is not deployed, everything is added") {
  const auto derived = derived_of(library_of(kStation));
  const auto result = diff({}, side(derived));
  REQUIRE(result.members.size() == 5);
  for (const auto& member : result.members) {
    CHECK(member.change == ChangeKind::kAdded);
    for (const auto& field : member.changes) CHECK(field.from.is_null());
  }
  REQUIRE(result.bindings.size() == 1);
  CHECK(result.bindings[0].to_connection == "sim");
  CHECK(result.bindings[0].to_address == "memory:run");
}

TEST_CASE("a changed field names the template that was edited, at its revision") {
  const auto edit =
      "{kind: Template, name: Motor, spec: {attributes: {Run: {type: bool, address: 'memory:run'}, Speed: "
      "{type: "
      "float, unit: '%'}}}}";
  const auto result = change(edit);
  REQUIRE(result.members.size() == 1);
  const auto& member = result.members[0];
  CHECK(member.name == "P1.Speed");
  CHECK(member.change == ChangeKind::kChanged);
  REQUIRE(member.changes.size() == 1);
  CHECK(member.changes[0].field == "unit");
  CHECK(member.changes[0].from == "rpm");
  CHECK(member.changes[0].to == "%");
  const DocumentKey motor{DocumentKind::kTemplate, "Motor"};
  CHECK(member.changes[0].cause == Cause{"templates/Motor", OriginKind::kTemplate,
                                         revision_of(library_of(kStation), motor),
                                         revision_of(library_of(edit), motor)});
  CHECK(result.bindings.empty());
}

TEST_CASE("an override that comes or goes is its instance's doing, though the template was edited too") {
  const auto instance =
      "kind: Instance\nname: P\nspec: {site: north, template: Station, bindings: {P1.Run: {connection: "
      "sim}}, attributes: {P1.Speed: {value: 5}}}\n";
  const auto come = change(instance);
  REQUIRE(come.members.size() == 1);
  CHECK(come.members[0].cause.document == "instances/P");
  CHECK(come.members[0].cause.kind == OriginKind::kOverride);

  const auto with_override = std::string(kStation) + "---\n";
  const auto overridden = Library(documents_of(kStation)).with(documents_of(instance));
  const auto without = overridden.with(documents_of(R"(
kind: Instance
name: P
spec: {site: north, template: Station, bindings: {P1.Run: {connection: sim}}}
---
kind: Template
name: Motor
spec: {attributes: {Hours: {type: int}, Run: {type: bool, address: "memory:run"}, Speed: {type: float, unit: rpm}}}
)"));
  const auto old_state = derived_of(overridden);
  const auto new_state = derived_of(without);
  const auto go = diff(side(old_state), side(new_state));
  REQUIRE(go.members.size() == 2);
  CHECK(go.members[0].name == "P1.Hours");
  CHECK(go.members[0].cause.document == "templates/Motor");
  CHECK(go.members[1].name == "P1.Speed");
  CHECK(go.members[1].cause.document == "instances/P");
}

TEST_CASE("members of a slot that comes or goes are the doing of the template that has the slot") {
  const auto come = change(
      "{kind: Template, name: Station, spec: {slots: {P1: {template: Pump}, P2: {template: Motor, "
      "attributes: {Run: {address: ''}}}}}}");
  REQUIRE(come.members.size() == 2);
  for (const auto& member : come.members) {
    CHECK(member.change == ChangeKind::kAdded);
    CHECK(member.cause.document == "templates/Station");
  }
  const auto go = change(
      "kind: Template\nname: Station\n---\nkind: Instance\nname: P\nspec: {site: north, template: "
      "Station}\n");
  REQUIRE(go.members.size() == 4);
  CHECK(go.members[1].name == "P1.Run");
  CHECK(go.members[1].change == ChangeKind::kRemoved);
  CHECK(go.members[1].cause.document == "templates/Station");
  CHECK(go.members[3].kind == MemberKind::kConnection);
  CHECK(go.members[3].cause.document == "instances/P");
  REQUIRE(go.bindings.size() == 1);
  CHECK(go.bindings[0].to_connection.empty());
}

TEST_CASE("a template with another parent has caused what that brings") {
  const auto result = change(
      "{kind: Template, name: Engine, spec: {attributes: {Run: {type: bool, address: 'memory:run'}, Fuel: "
      "{type: "
      "float}}}}\n---\n{kind: Template, name: Pump, spec: {parent: Engine, scripts: {Log: {source: "
      "\"local run = attributes.get(\\\"Run\\\")\\nreturn run\\n\"}}}}");
  REQUIRE(result.members.size() == 2);
  for (const auto& member : result.members) CHECK(member.cause.document == "templates/Pump");
}

TEST_CASE("a script's source is told line by line") {
  const auto result = change(
      "{kind: Template, name: Pump, spec: {parent: Motor, scripts: {Log: {source: \"local run = "
      "attributes.get(\\\"Run\\\")\\nreturn not run\\n\"}}}}");
  REQUIRE(result.members.size() == 1);
  REQUIRE(result.members[0].changes.size() == 1);
  const auto& field = result.members[0].changes[0];
  CHECK(field.field == "source");
  CHECK(field.from.is_null());
  CHECK(field.lines == std::vector<LineEdit>{{EditKind::kRemoved, 2, "return run"},
                                             {EditKind::kAdded, 2, "return not run"}});
}

TEST_CASE("another address is a change of the binding, not of the attribute") {
  const auto result = change(
      "{kind: Instance, name: P, spec: {site: north, template: Station, bindings: {P1.Run: {connection: sim, "
      "address: 'memory:other'}}}}");
  CHECK(result.members.empty());
  REQUIRE(result.bindings.size() == 1);
  CHECK(result.bindings[0].from_address == "memory:run");
  CHECK(result.bindings[0].to_address == "memory:other");
  CHECK(result.bindings[0].cause.kind == OriginKind::kBinding);
  CHECK(result.bindings[0].cause.document == "instances/P");
}

TEST_CASE("a connection that is redefined is its own cause") {
  const auto result =
      change("{kind: Connection, name: north/sim, spec: {protocol: simulator, options: {poll: 5s}}}");
  REQUIRE(result.members.size() == 1);
  CHECK(result.members[0].kind == MemberKind::kConnection);
  CHECK(result.members[0].cause.kind == OriginKind::kConnection);
  CHECK(result.members[0].cause.document == "connections/north/sim");
}

TEST_CASE("an instance that moves to another area says so itself") {
  const auto result = change(
      "{kind: Instance, name: P, spec: {area: hall/two, site: north, template: Station, bindings: {P1.Run: "
      "{connection: sim}}}}");
  REQUIRE(result.members.size() == 1);
  CHECK(result.members[0].kind == MemberKind::kInstance);
  CHECK(result.members[0].changes[0].field == "area");
  CHECK(result.members[0].cause.document == "instances/P");
}

TEST_CASE("provenance that is unknown or damaged costs the causes, not the diff") {
  const auto derived = derived_of(library_of(kStation));
  auto deployed = derived;
  deployed.config.attributes[0].unit = "old";
  CHECK(diff({&deployed.config, nullptr}, side(derived)).members.size() == 1);
  for (auto& [name, member] : deployed.provenance.members) member.definer = 999;
  for (auto& source : deployed.provenance.sources) source.via = 1000;
  CHECK(diff(side(deployed), side(derived)).members.size() == 1);
}

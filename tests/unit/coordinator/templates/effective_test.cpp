#include "coordinator/templates/effective.hpp"

#include <algorithm>

#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kMachineHall = R"(
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Template
name: Motor
spec:
  attributes:
    Run: {type: bool, address: "memory:run"}
    Speed: {type: float, unit: rpm, locked: [unit]}
---
kind: Template
name: Fan
spec: {parent: Motor, attributes: {Speed: {value: 1}}}
---
kind: Template
name: T
spec:
  attributes: {Mode: {type: string, value: auto}}
  slots: {A: {template: Fan, attributes: {Speed: {value: 2}}}}
---
kind: Instance
name: P
spec: {site: north, template: T, attributes: {A.Speed: {value: 3}}, bindings: {A.Run: {connection: sim, address: "memory:other"}}}
)";

std::vector<EffectiveMember> members_of(const Library& library, const DocumentKey& key) {
  const auto page = effective_members(library, key, "", 1000);
  if (!page) FAIL(page.error().describe());
  CHECK(page->next.empty());
  return page->members;
}

const EffectiveMember& member_of(const std::vector<EffectiveMember>& members, std::string_view name) {
  const auto found = std::ranges::find(members, name, &EffectiveMember::name);
  REQUIRE(found != members.end());
  return *found;
}

const EffectiveField& field_of(const EffectiveMember& member, std::string_view name) {
  const auto found = std::ranges::find(member.values, name, &EffectiveField::field);
  REQUIRE(found != member.values.end());
  return *found;
}

const DocumentKey kInstance{DocumentKind::kInstance, "P"};

}  // namespace

TEST_CASE("every field of a member says its value, where it comes from, and whether it is locked") {
  const auto members = members_of(library_of(kMachineHall), kInstance);
  const auto& speed = member_of(members, "A.Speed");
  CHECK(speed.kind == MemberKind::kAttribute);
  const auto& value = field_of(speed, "value");
  CHECK(value.value == 3.0);
  CHECK(value.document == "instances/P");
  CHECK(value.how == Touch::kOverride);
  CHECK_FALSE(value.locked);
  const auto& unit = field_of(speed, "unit");
  CHECK(unit.document == "templates/Motor");
  CHECK(unit.how == Touch::kSlot);
  CHECK(unit.locked);
  const auto& retained = field_of(speed, "retained");
  CHECK(retained.how == Touch::kDefault);
  CHECK_FALSE(retained.document);
  CHECK(field_of(member_of(members, "Mode"), "value").how == Touch::kInherited);
}

TEST_CASE("a binding gives an attribute its connection and, when it says so, its address") {
  const auto members = members_of(library_of(kMachineHall), kInstance);
  const auto& run = member_of(members, "A.Run");
  CHECK(field_of(run, "connection").value == "sim");
  CHECK(field_of(run, "connection").how == Touch::kBinding);
  CHECK(field_of(run, "address").value == "memory:other");
  CHECK(field_of(run, "address").document == "instances/P");
  CHECK(run.chain.back() == ChainLink{"instances/P", Touch::kBinding});
}

TEST_CASE("the chain names everyone who wrote anything of the member, the weakest first") {
  const auto members = members_of(library_of(kMachineHall), kInstance);
  CHECK(member_of(members, "A.Speed").chain == std::vector<ChainLink>{{"templates/Motor", Touch::kSlot},
                                                                      {"templates/Fan", Touch::kOverride},
                                                                      {"templates/T", Touch::kOverride},
                                                                      {"instances/P", Touch::kOverride}});
}

TEST_CASE("a template's own members are defined, its parent's inherited") {
  const auto library = library_of(kMachineHall);
  const auto own = members_of(library, {DocumentKind::kTemplate, "T"});
  CHECK(field_of(member_of(own, "Mode"), "type").how == Touch::kDefined);
  CHECK(field_of(member_of(own, "A.Speed"), "type").how == Touch::kSlot);
  CHECK(field_of(member_of(own, "A.Run"), "connection").value == "");
  const auto fan = members_of(library, {DocumentKind::kTemplate, "Fan"});
  CHECK(field_of(member_of(fan, "Speed"), "type").how == Touch::kInherited);
  CHECK(field_of(member_of(fan, "Speed"), "value").how == Touch::kOverride);
}

TEST_CASE("members come in pages that join without a gap") {
  std::string yaml = "kind: Template\nname: T\nspec:\n  attributes:\n";
  for (const auto* name : {"A", "B", "C"}) yaml += "    " + std::string(name) + ": {type: int}\n";
  yaml +=
      "  alarms: {High: {attribute: A, kind: limits, hi: {value: 1}}}\n  scripts: {S: {source: 'return'}}\n";
  const auto library = library_of(placed(yaml));
  std::vector<std::string> names;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = effective_members(library, {DocumentKind::kTemplate, "T"}, after, 2);
    REQUIRE(page);
    CHECK(page->members.size() <= 2);
    for (const auto& member : page->members) names.push_back(member.name);
    after = page->next;
    if (after.empty()) break;
  }
  CHECK(names == std::vector<std::string>{"High", "A", "B", "C", "S"});
}

TEST_CASE("findings elsewhere stop nothing, a missing part of the tree does") {
  const auto odd =
      library_of(placed("kind: Template\nname: T\nspec: {attributes: {A: {type: int, value: text}}, scripts: "
                        "{S: {source: 'x ='}}}\n"));
  CHECK(members_of(odd, kInstance).size() == 2);
  const auto torn =
      library_of(placed("kind: Template\nname: T\nspec: {parent: Nobody, attributes: {A: {type: int}}}\n"));
  const auto refused = effective_members(torn, kInstance, "", 10);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kValidationFailed);
  CHECK_FALSE(refused.error().findings.empty());
  CHECK(effective_members(torn, {DocumentKind::kTemplate, "Nobody"}, "", 10).error().code ==
        ErrorCode::kNotFound);
}

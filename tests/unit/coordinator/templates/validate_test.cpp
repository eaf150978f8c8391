#include "coordinator/templates/validate.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

std::vector<std::string> paths(const Result<>& outcome) {
  std::vector<std::string> list;
  if (!outcome) {
    for (const auto& finding : outcome.error().findings) list.push_back(finding.path);
  }
  return list;
}

constexpr std::string_view kSound = R"(
kind: Template
name: Base
spec: {attributes: {A: {type: int, address: "memory:a"}}}
---
kind: Template
name: T
spec: {parent: Base, attributes: {A: {unit: bar}}}
)";

}  // namespace

TEST_CASE("a template must be sound though no instance uses it") {
  const auto library = library_of("{kind: Template, name: T, spec: {scripts: {S: {source: 'if then'}}}}");
  CHECK(paths(validate(library)) == std::vector<std::string>{"templates/T/scripts/S:1"});
}

TEST_CASE("an instance may be stored before its addresses are bound, but not deployed") {
  const auto library = library_of(placed(kSound));
  CHECK(validate(library));
  CHECK_FALSE(flatten(library, "P"));
}

TEST_CASE("a change that breaks a descendant is found there") {
  const auto before = library_of(placed(kSound));
  const auto after = before.with(documents_of("{kind: Template, name: Base, spec: {}}"));
  CHECK(paths(validate_change(before, after)) == std::vector<std::string>{"templates/T/attributes/A"});
}

TEST_CASE("an instance that a template's change leaves behind does not stand in the way") {
  const auto before = library_of(placed(R"(
kind: Template
name: T
spec: {attributes: {A: {type: int}}}
---
kind: Instance
name: Q
spec: {site: north, template: T, attributes: {A: {value: 3}}}
)"));
  REQUIRE(validate(before));
  const auto after = before.with(documents_of("{kind: Template, name: T, spec: {}}"));
  CHECK(validate_change(before, after));
  CHECK_FALSE(flatten(after, "Q"));
}

TEST_CASE("a connection is judged when it is written") {
  const auto library = library_of(
      "{kind: Connection, name: south/plc, spec: {protocol: modbus-tcp, endpoint: '10.0.0.1:502', options: "
      "{unit: 999}}}");
  CHECK(paths(validate(library)) ==
        std::vector<std::string>{"connections/south/plc", "connections/south/plc/options/unit"});
}

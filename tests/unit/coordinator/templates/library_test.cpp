#include "coordinator/templates/references.hpp"
#include "tests/unit/coordinator/templates/library_of.hpp"

using namespace fieldline;
using namespace fieldline::templates;

namespace {

constexpr std::string_view kPlant = R"(
kind: Site
name: north
---
kind: Connection
name: north/sim
spec: {protocol: simulator}
---
kind: Template
name: Motor
spec: {attributes: {Run: {type: bool, address: "memory:run"}}}
---
kind: Template
name: Pump
spec: {parent: Motor}
---
kind: Template
name: Station
spec: {slots: {P: {template: Pump}}}
---
kind: Template
name: Valve
---
kind: Instance
name: S1
spec: {site: north, template: Station, bindings: {P.Run: {connection: sim}}}
---
kind: Instance
name: V1
spec: {site: north, template: Valve}
)";

}  // namespace

TEST_CASE("a library keeps what it was when another is derived from it") {
  const auto before = library_of(kPlant);
  const auto after = before.without({DocumentKind::kTemplate, "Valve"});
  CHECK(before.find(DocumentKind::kTemplate, "Valve") != nullptr);
  CHECK(after.find(DocumentKind::kTemplate, "Valve") == nullptr);
  CHECK(before.find(DocumentKind::kTemplate, "Pump") == after.find(DocumentKind::kTemplate, "Pump"));
  CHECK(after.all().size() + 1 == before.all().size());
}

TEST_CASE("the documents that name another stand in the way of its removal") {
  const auto library = library_of(kPlant);
  using Keys = std::vector<DocumentKey>;
  CHECK(dependants(library, {DocumentKind::kTemplate, "Motor"}) == Keys{{DocumentKind::kTemplate, "Pump"}});
  CHECK(dependants(library, {DocumentKind::kTemplate, "Pump"}) == Keys{{DocumentKind::kTemplate, "Station"}});
  CHECK(dependants(library, {DocumentKind::kTemplate, "Station"}) == Keys{{DocumentKind::kInstance, "S1"}});
  CHECK(dependants(library, {DocumentKind::kConnection, "north/sim"}) ==
        Keys{{DocumentKind::kInstance, "S1"}});
  CHECK(dependants(library, {DocumentKind::kSite, "north"}) == Keys{{DocumentKind::kConnection, "north/sim"},
                                                                    {DocumentKind::kInstance, "S1"},
                                                                    {DocumentKind::kInstance, "V1"}});
  CHECK(dependants(library, {DocumentKind::kInstance, "S1"}).empty());
}

TEST_CASE("a change reaches what descends from it and nothing else") {
  const auto before = library_of(kPlant);
  const auto reach_after = [&](std::string_view yaml) {
    return reach_of(before, before.with(documents_of(yaml)));
  };

  const auto root = reach_after("{kind: Template, name: Motor, spec: {attributes: {Hours: {type: int}}}}");
  CHECK(root.templates == std::set<std::string>{"Motor", "Pump", "Station"});
  CHECK(root.instances == std::vector<std::string>{"S1"});

  const auto link =
      reach_after("{kind: Connection, name: north/sim, spec: {protocol: simulator, options: {poll: 2s}}}");
  CHECK(link.templates.empty());
  CHECK(link.instances == std::vector<std::string>{"S1"});

  CHECK(reach_after("{kind: Site, name: north, spec: {description: The north}}").instances.empty());
  CHECK(reach_after(kPlant).changed.empty());
  CHECK(reach_of(before, before.without({DocumentKind::kTemplate, "Pump"})).instances ==
        std::vector<std::string>{"S1"});
}

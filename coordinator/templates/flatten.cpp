#include "coordinator/templates/flatten.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"
#include "common/wire/config.hpp"
#include "coordinator/templates/assembly.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {

Flattener::Flattener(const Library& library) : library_(library), scripts_(std::make_unique<ScriptCheck>()) {}

Flattener::~Flattener() = default;

Result<Derived> Flattener::flatten(std::string_view name) {
  const auto* instance = library_.find(DocumentKind::kInstance, name);
  if (instance == nullptr) return fail(ErrorCode::kNotFound, fmt::format("there is no instance {}", name));

  Findings findings;
  check_site(library_, *instance, findings);
  auto tree = expand(library_, *instance, findings);
  check_members(tree, *scripts_, findings);
  Bound bound;
  if (tree.complete) bound = bind(tree, library_, *instance, Unbound::kRefused, findings);
  for (const auto& [connection, document] : bound.documents) check_connection(library_, *document, findings);
  if (!findings.empty()) return fail(findings.error(instance->key.path()));

  Derived derived;
  derived.provenance = provenance_of(tree, bound, *instance);
  derived.config = assemble(tree, std::move(bound), *instance);
  FIELDLINE_DCHECK(check(derived.config).has_value());
  auto sealed = wire::seal_config(derived.config);
  if (!sealed) {
    findings.add(FindingCode::kConfigurationTooLarge, instance->key.path(), sealed.error().message);
    return fail(findings.error(instance->key.path()));
  }
  derived.bytes = std::move(sealed->bytes);
  derived.revision = std::move(sealed->revision);
  return derived;
}

Result<Derived> flatten(const Library& library, std::string_view instance) {
  return Flattener(library).flatten(instance);
}

}  // namespace fieldline::templates

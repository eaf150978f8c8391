#include "coordinator/templates/flatten.hpp"

#include <fmt/format.h>

#include "common/base/check.hpp"
#include "common/wire/codec.hpp"
#include "coordinator/templates/assembly.hpp"
#include "coordinator/templates/trees.hpp"

namespace fieldline::templates {

// What is made of one instance, sound and sealed.
struct Flattener::Flat {
  const Document& instance;
  Expansion tree;
  Bound bound;
  wire::SealedConfig sealed;
};

Flattener::Flattener(const Library& library) : library_(library), trees_(std::make_unique<Trees>(library)) {}

Flattener::~Flattener() = default;

Result<Flattener::Flat> Flattener::make(std::string_view name) {
  const auto* instance = library_.find(DocumentKind::kInstance, name);
  if (instance == nullptr) return fail(ErrorCode::kNotFound, fmt::format("there is no instance {}", name));

  Findings findings;
  check_site(library_, *instance, findings);
  auto tree = trees_->of_instance(*instance, findings);
  Bound bound;
  if (tree.complete) bound = bind(tree, library_, *instance, Unbound::kRefused, findings);
  for (const auto& [connection, document] : bound.documents) check_connection(library_, *document, findings);
  if (!findings.empty()) return fail(findings.error(instance->key.path()));

  auto sealed = templates::seal(library_, tree, bound, *instance);
  if (!sealed) {
    findings.add(FindingCode::kConfigurationTooLarge, instance->key.path(), sealed.error().message);
    return fail(findings.error(instance->key.path()));
  }
  return Flat{*instance, std::move(tree), std::move(bound), std::move(*sealed)};
}

Result<Derived> Flattener::flatten(std::string_view name) {
  auto flat = make(name);
  if (!flat) return fail(std::move(flat.error()));
  Derived derived{std::move(flat->sealed.bytes), config_of(library_, flat->tree, flat->bound, flat->instance),
                  provenance_of(library_, flat->tree, flat->bound, flat->instance),
                  std::move(flat->sealed.revision)};
  FIELDLINE_DCHECK(check(derived.config).has_value());
  FIELDLINE_DCHECK(wire::encode(derived.config) == derived.bytes);
  return derived;
}

Result<Outgoing> Flattener::prepare(std::string_view name) {
  auto flat = make(name);
  if (!flat) return fail(std::move(flat.error()));
  const auto& [instance, tree, bound, sealed] = *flat;
  return Outgoing{artifacts_of(library_, tree), provenance_of(library_, tree, bound, instance),
                  std::move(flat->sealed), instance.instance().site};
}

Result<wire::SealedConfig> Flattener::seal(std::string_view name) {
  auto flat = make(name);
  if (!flat) return fail(std::move(flat.error()));
  return std::move(flat->sealed);
}

Result<Derived> flatten(const Library& library, std::string_view instance) {
  return Flattener(library).flatten(instance);
}

}  // namespace fieldline::templates

#include "coordinator/templates/validate.hpp"

#include "coordinator/templates/artifact_checks.hpp"
#include "coordinator/templates/bindings.hpp"
#include "coordinator/templates/references.hpp"
#include "coordinator/templates/trees.hpp"

namespace fieldline::templates {
namespace {

void validate_instance(const Library& library, const Document& document, Trees& trees, Findings& findings) {
  check_site(library, document, findings);
  const auto tree = trees.of_instance(document, findings);
  if (tree.complete) bind(tree, library, document, Unbound::kAllowed, findings);
}

}  // namespace

Result<> validate(const Library& library) {
  return validate_change(Library(), library);
}

Result<> validate_change(const Library& before, const Library& after) {
  const auto reach = reach_of(before, after);
  Findings findings;
  Trees trees(after);
  for (const auto& name : reach.templates) {
    const auto* document = after.find(DocumentKind::kTemplate, name);
    if (document != nullptr) trees.check_template(*document, findings);
  }
  for (const auto& key : reach.changed) {
    const auto* document = after.find(key);
    if (document == nullptr) continue;
    if (key.kind == DocumentKind::kConnection) check_connection(after, *document, findings);
    check_artifact(after, *document, trees.scripts(), findings);
    if (key.kind == DocumentKind::kInstance) validate_instance(after, *document, trees, findings);
  }
  if (!findings.empty()) return fail(findings.error("these documents"));
  return {};
}

}  // namespace fieldline::templates

#include "coordinator/templates/validate.hpp"

#include "coordinator/templates/bindings.hpp"
#include "coordinator/templates/members.hpp"
#include "coordinator/templates/references.hpp"

namespace fieldline::templates {
namespace {

void validate_template(const Library& library, const Document& document, ScriptCheck& scripts,
                       Findings& findings) {
  auto tree = expand(library, document, findings);
  check_members(tree, scripts, findings);
}

void validate_instance(const Library& library, const Document& document, ScriptCheck& scripts,
                       Findings& findings) {
  check_site(library, document, findings);
  auto tree = expand(library, document, findings);
  check_members(tree, scripts, findings);
  if (tree.complete) bind(tree, library, document, Unbound::kAllowed, findings);
}

}  // namespace

Result<> validate(const Library& library) {
  return validate_change(Library(), library);
}

Result<> validate_change(const Library& before, const Library& after) {
  const auto reach = reach_of(before, after);
  Findings findings;
  ScriptCheck scripts;
  for (const auto& name : reach.templates) {
    const auto* document = after.find(DocumentKind::kTemplate, name);
    if (document != nullptr) validate_template(after, *document, scripts, findings);
  }
  for (const auto& key : reach.changed) {
    const auto* document = after.find(key);
    if (document == nullptr) continue;
    if (key.kind == DocumentKind::kConnection) check_connection(after, *document, findings);
    if (key.kind == DocumentKind::kInstance) validate_instance(after, *document, scripts, findings);
  }
  if (!findings.empty()) return fail(findings.error("these documents"));
  return {};
}

}  // namespace fieldline::templates

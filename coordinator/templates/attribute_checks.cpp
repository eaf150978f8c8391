#include <fmt/format.h>

#include "coordinator/templates/member_report.hpp"
#include "coordinator/templates/members.hpp"

namespace fieldline::templates {

void check_attributes(Expansion& tree, Findings& findings) {
  for (auto& [name, member] : tree.attributes.own()) {
    const MemberReport report(tree, name, member, findings);
    report.require_fields();
    auto& attribute = member.partial.value;
    attribute.name = name;
    if (!member.has("type")) continue;
    if (auto value = coerce(attribute.value, attribute.type)) {
      attribute.value = std::move(*value);
    } else {
      report.add(FindingCode::kTypeMismatch, {"type", "value"}, value.error().message);
    }
    if (attribute.retained && !attribute.writable) {
      report.add(FindingCode::kReadOnlyAttribute, {"retained", "writable"},
                 "only a writable attribute has written values to retain");
    }
  }
}

void check_members(const Library& library, Expansion& tree, ScriptCheck& check, Findings& findings) {
  if (!tree.complete) return;
  check_attributes(tree, findings);
  check_alarms(tree, findings);
  check_scripts(library, tree, check, findings);
}

}  // namespace fieldline::templates

#include "coordinator/templates/lineage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {

Lineage lineage_of(const Library& library, const Document& youngest, Findings& findings) {
  Lineage lineage{&youngest};
  for (;;) {
    const auto& eldest = *lineage.back();
    const auto& parent = eldest.as_template().parent;
    if (parent.empty()) break;
    const auto* document = library.find(DocumentKind::kTemplate, parent);
    if (document == nullptr) {
      findings.add(FindingCode::kUnknownParent, eldest.key.path() + "/parent",
                   fmt::format("there is no template {}", parent));
      return {};
    }
    if (const auto again = std::find(lineage.begin(), lineage.end(), document); again != lineage.end()) {
      report_cycle(FindingCode::kInheritanceCycle, {again, lineage.end()}, "/parent", "is its own ancestor",
                   findings);
      return {};
    }
    if (lineage.size() == kMaxDepth) {
      findings.add(FindingCode::kTooDeep, youngest.key.path() + "/parent",
                   fmt::format("it has more than {} ancestors", kMaxDepth - 1));
      return {};
    }
    lineage.push_back(document);
  }
  std::reverse(lineage.begin(), lineage.end());
  return lineage;
}

void report_cycle(FindingCode code, std::vector<const Document*> cycle, std::string_view field,
                  std::string_view verb, Findings& findings) {
  const auto first = std::min_element(cycle.begin(), cycle.end(),
                                      [](const auto* a, const auto* b) { return a->key.name < b->key.name; });
  std::rotate(cycle.begin(), first, cycle.end());
  std::string around;
  for (const auto* document : cycle) around += document->key.name + " → ";
  findings.add(code, fmt::format("{}{}", cycle.front()->key.path(), field),
               fmt::format("the template {}: {}{}", verb, around, cycle.front()->key.name));
}

}  // namespace fieldline::templates

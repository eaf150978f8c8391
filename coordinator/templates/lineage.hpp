// The ancestors of a template. Refuses unknown parents, cycles and chains over kMaxDepth.
#pragma once

#include <string_view>
#include <vector>

#include "coordinator/templates/findings.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

// The eldest first, the template itself last.
using Lineage = std::vector<const Document*>;

// Empty when `findings` say why there is none.
Lineage lineage_of(const Library& library, const Document& youngest, Findings& findings);

// A cycle reads the same from wherever it was entered: it begins with its first name.
void report_cycle(FindingCode code, std::vector<const Document*> cycle, std::string_view field,
                  std::string_view verb, Findings& findings);

}  // namespace fieldline::templates

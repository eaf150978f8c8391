// What members must be to mean something, whoever wrote them. The checks run in this order, in place:
// afterwards values have their attribute's type and references are full paths.
#pragma once

#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/script_check.hpp"

namespace fieldline::templates {

void check_attributes(Expansion& tree, Findings& findings);
void check_alarms(Expansion& tree, Findings& findings);
void check_scripts(const Library& library, Expansion& tree, ScriptCheck& check, Findings& findings);

// All three. Nothing where parts of the tree are missing: what is there would be judged wrongly.
void check_members(const Library& library, Expansion& tree, ScriptCheck& check, Findings& findings);

}  // namespace fieldline::templates

// What artifacts must be to mean something: their Lua, and what they name.
#pragma once

#include "coordinator/templates/findings.hpp"
#include "coordinator/templates/library.hpp"
#include "coordinator/templates/script_check.hpp"

namespace fieldline::templates {

// For an artifact of this kind that is not there.
FindingCode unknown_artifact(DocumentKind kind);

// Of any kind; nothing to say of what is no artifact.
void check_artifact(const Library& library, const Document& document, ScriptCheck& scripts,
                    Findings& findings);

}  // namespace fieldline::templates

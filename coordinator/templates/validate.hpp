// Whether documents may be stored. Templates must always be sound; an instance must be sound when it
// is written, except that addresses may still be unbound. Deploying asks flatten() for the rest.
#pragma once

#include "common/base/result.hpp"
#include "coordinator/templates/library.hpp"

namespace fieldline::templates {

// Everything in the library. kValidationFailed with all findings.
Result<> validate(const Library& library);

// What a change from `before`, which is sound, to `after` may have broken: the documents that changed
// and the templates that descend from them.
Result<> validate_change(const Library& before, const Library& after);

}  // namespace fieldline::templates

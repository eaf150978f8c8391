// Which artifacts the Lua of a document names, as far as it names them literally: shared.filters,
// external.call("erp", ...). Any thread.
#pragma once

#include <optional>
#include <vector>

#include "common/lua/literal_calls.hpp"
#include "coordinator/templates/document.hpp"

namespace fieldline::templates {

// Empty: the call names no artifact.
std::optional<DocumentKey> artifact_named(const lua::LiteralCall& call);

// By all sources that `spec` writes: sorted, each once.
std::vector<DocumentKey> artifacts_named(const Spec& spec);

}  // namespace fieldline::templates

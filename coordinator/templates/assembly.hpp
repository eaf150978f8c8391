// Puts a checked tree together as the flat configuration and its provenance.
#pragma once

#include "coordinator/templates/bindings.hpp"
#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

Provenance provenance_of(const Expansion& tree, const Bound& bound, const Document& instance);

// Moves the members out of `tree`.
FlatConfig assemble(Expansion& tree, Bound bound, const Document& instance);

}  // namespace fieldline::templates

// Puts a checked tree together as the flat configuration, its bytes and its provenance.
#pragma once

#include "common/wire/config.hpp"
#include "coordinator/templates/bindings.hpp"
#include "coordinator/templates/expansion.hpp"
#include "coordinator/templates/provenance.hpp"

namespace fieldline::templates {

// Paths of those that its scripts need, directly or through others, sorted.
std::vector<std::string> artifacts_of(const Library& library, const Expansion& tree);
Provenance provenance_of(const Library& library, const Expansion& tree, const Bound& bound,
                         const Document& instance);
FlatConfig config_of(const Library& library, const Expansion& tree, const Bound& bound,
                     const Document& instance);

// The bytes of config_of(); what is shared with other trees is not encoded again.
Result<wire::SealedConfig> seal(const Library& library, const Expansion& tree, const Bound& bound,
                                const Document& instance);

}  // namespace fieldline::templates

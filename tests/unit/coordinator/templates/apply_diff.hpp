// Carries out what a diff says. What comes out must be the new configuration, byte for byte: then the
// diff leaves nothing unsaid.
#pragma once

#include "common/model/flat_config.hpp"
#include "coordinator/templates/diff.hpp"

namespace fieldline::templates {

// The old text with `edits` made.
std::string apply_edits(std::string_view from, const std::vector<LineEdit>& edits);

FlatConfig apply_diff(FlatConfig from, const Diff& diff);

}  // namespace fieldline::templates

// A text of documents as JSON trees, before anyone asks what they mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/json.hpp"
#include "coordinator/templates/documents.hpp"

namespace fieldline::templates {

// One tree for each document. On failure `where` is "line 12".
Result<std::vector<Json>> parse_yaml(std::string_view text);
Result<std::vector<Json>> parse_json(std::string_view text);

// The line on which `pointer` of the document at `index` begins; 0 when it can't be told.
int line_in_yaml(std::string_view text, std::size_t index, const std::string& pointer);

// `tree` as a YAML document; parse_yaml reads it back as it was.
std::string yaml_of(const Json& tree);

}  // namespace fieldline::templates

// A text of documents as JSON trees, before anyone asks what they mean.
#pragma once

#include <map>
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

// By index of the document: a pointer into it, or the line on which what it points to begins.
using Pointers = std::map<std::size_t, std::string>;
using Lines = std::map<std::size_t, int>;

// What can't be told has no entry. Reads the text once, however many are asked for.
Lines lines_in_yaml(std::string_view text, const Pointers& pointers);

// `tree` as a YAML document; parse_yaml reads it back as it was.
std::string yaml_of(const Json& tree);

}  // namespace fieldline::templates

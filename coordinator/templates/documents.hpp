// Texts of many documents, YAML or JSON, in and out. Refuses duplicate keys and documents, invalid
// UTF-8, NaN, anchors and aliases, deep nesting and texts over kMaxText.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "coordinator/templates/document.hpp"

namespace fieldline::templates {

enum class TextFormat { kYaml, kJson };

// YAML: documents parted by "---". JSON: one object, or a list of objects. On failure `findings` has
// one entry for each document that can't be read, with its line.
Result<std::vector<DocumentPointer>> parse_documents(std::string_view text, TextFormat format);

// Canonical: the same documents give the same bytes, whatever their order, and parse_documents reads
// them back as they were.
std::string export_documents(std::span<const DocumentPointer> documents, TextFormat format);

}  // namespace fieldline::templates

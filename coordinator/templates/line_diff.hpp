// The shortest way from one text to another, by lines (Myers, "An O(ND) Difference Algorithm and Its
// Variations", 1986). Of texts further apart than kMaxLineEdits, all between their common head and
// tail counts as replaced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/model/fields.hpp"

namespace fieldline::templates {

enum class EditKind { kAdded, kRemoved };

}  // namespace fieldline::templates

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::templates::EditKind> =
    std::to_array<std::string_view>({"added", "removed"});

namespace fieldline::templates {

struct LineEdit {
  EditKind kind = EditKind::kAdded;
  std::int64_t line = 0;  // from 1; of the old text when removed, of the new one when added
  std::string text;       // without its line end

  static constexpr auto fields =
      fields_in_order(required("kind", &LineEdit::kind), required("line", &LineEdit::line),
                      required("text", &LineEdit::text));
  friend bool operator==(const LineEdit&, const LineEdit&) = default;
};

// In the order in which a reader of both texts meets them.
std::vector<LineEdit> line_diff(std::string_view from, std::string_view to);

}  // namespace fieldline::templates

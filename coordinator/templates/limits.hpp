// What the engine takes. Every bound is far above real plants and far below what would hurt central.
#pragma once

#include <cstddef>

namespace fieldline::templates {

// Bytes of one text of documents: about 20,000 ordinary ones.
inline constexpr std::size_t kMaxText = std::size_t{32} << 20;
// Nesting of lists and objects in a text; the deepest document that means something nests 9 deep.
inline constexpr std::size_t kMaxNesting = 32;
// Values, lists and objects of one text: ten thousand documents of a hundred. The smallest are three
// bytes long and take a hundred times that once they are read.
inline constexpr std::size_t kMaxValues = 1'000'000;
// Commas, brackets and braces of a YAML text, wherever they stand: its reader keeps the whole of an
// outermost "[…]" or "{…}" as tokens, some two hundred bytes for each, before it tells of the first.
inline constexpr std::size_t kMaxFlowMarks = 2'000'000;
// Nodes of a site: it is run by a pair, or by one.
inline constexpr std::size_t kMaxNodes = 2;
// Ancestors of a template, and slots within slots.
inline constexpr std::size_t kMaxDepth = 64;
// Members and slots of one template or instance once it is expanded.
inline constexpr std::size_t kMaxMembers = 100'000;
// Text that expansion gathers before it gives up: four times what a flat configuration may hold,
// because overrides may replace long texts by short ones.
inline constexpr std::size_t kMaxExpandedText = std::size_t{4} << 20;
// Bytes, about, of the trees of templates that one Flattener keeps: some 40,000 members.
inline constexpr std::size_t kMaxKeptTrees = std::size_t{64} << 20;
// Findings that one answer lists; a person mends the first ones and asks again.
inline constexpr std::size_t kMaxFindings = 1000;
// Lines that differ between two scripts before the diff calls the whole script new: bounds its
// memory, which grows with their square.
inline constexpr std::size_t kMaxLineEdits = 1000;

}  // namespace fieldline::templates

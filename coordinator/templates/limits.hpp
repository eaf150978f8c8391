// What the engine takes. Every bound is far above real plants and far below what would hurt central.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

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
// Recipients of one notification list; more are reached by a list of the mail server.
inline constexpr std::size_t kMaxRecipients = 100;
// Characters of a URL, a mail address (RFC 5321, 4.5.3.1), the name of a database or of its user.
inline constexpr std::size_t kMaxUrl = 2048;
inline constexpr std::size_t kMaxMailAddress = 254;
inline constexpr std::size_t kMaxDatabaseName = 1024;
// Bytes of one secret, as many as a site takes.
inline constexpr std::size_t kMaxSecret = 4096;
// Headers of an external system, and bytes of one, name and value.
inline constexpr std::size_t kMaxHeaders = 32;
inline constexpr std::size_t kMaxHeader = 1024;
// Retries of one message, and the time between two: beyond these nobody waits for it any more.
inline constexpr std::int64_t kMaxRetries = 100'000;
inline constexpr Duration kLongestRetryInterval = std::chrono::hours(24);
// One request to an external system: scripts that wait longer hold up whatever triggers them.
inline constexpr Duration kLongestRequest = std::chrono::minutes(10);
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
// Scripts that the finding of a call cycle names; a cycle can be as long as a template has scripts.
inline constexpr std::size_t kMaxShownCalls = 20;
// Lines that differ between two scripts before the diff calls the whole script new: bounds its
// memory, which grows with their square.
inline constexpr std::size_t kMaxLineEdits = 1000;

}  // namespace fieldline::templates

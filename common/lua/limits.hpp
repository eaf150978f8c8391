// How much a script may take at once. What a run may take altogether is its Budget.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fieldline::lua {

// A script or module: some 3,000 lines. Lua's parser can't be interrupted, and pairs every goto with
// every label; at this size the worst source compiles within a tenth of a second.
inline constexpr std::size_t kMaxSourceBytes = 128 * 1024;
// The parser's own memory for the worst source of that size.
inline constexpr std::size_t kMaxCompileBytes = 32 * 1024 * 1024;
// One string, list (65,536 items), map (32,768 keys) or call stack: what a single instruction can
// copy, compare or rehash between two checks of the budget.
inline constexpr std::size_t kMaxBlockBytes = 1024 * 1024;
// What a state may take over its memory limit between two checks: the largest string and the buffer in
// which it was made. Lua's buffers don't collect garbage when they are refused.
inline constexpr std::size_t kHeapSlackBytes = 2 * kMaxBlockBytes;
// Lua instructions between two checks of the budget: some ten microseconds.
inline constexpr int kCheckInterval = 1'000;
// A C function's work counts as one instruction for so many bytes.
inline constexpr std::size_t kBytesPerStep = 16;
// A pattern compiles to 40 bytes for each of its characters. Plain searches have no such limit.
inline constexpr std::size_t kMaxPatternBytes = 4096;
// Alternatives that a pattern match holds open, each a C++ stack frame. Lua's own limit.
inline constexpr int kMaxPatternDepth = 200;
// Captures of a pattern. Lua's own limit.
inline constexpr std::size_t kMaxCaptures = 32;
// Results of table.unpack: well within the largest call stack.
inline constexpr std::size_t kMaxUnpacked = 10'000;
// Values that cross between Lua and C++ in one call.
inline constexpr std::size_t kMaxValues = 64;
// A table that crosses, with all that it holds: at sixteen bytes each more than the largest block of text,
// and a depth that documents of other systems rarely reach.
inline constexpr std::size_t kMaxTableItems = 65'536;
inline constexpr int kMaxTableDepth = 32;
// An error message, or a line of print.
inline constexpr std::size_t kMaxMessageBytes = 4096;
// Innermost calls that a stack trace shows.
inline constexpr int kMaxTraceLevels = 20;

}  // namespace fieldline::lua

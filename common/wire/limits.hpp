// What a message may cost its receiver. Both sides check the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fieldline::wire {

// Deepest nesting of arrays and maps: our own messages nest 5 deep.
inline constexpr std::size_t kMaxDepth = 32;
// Header, body, attachment.
inline constexpr std::size_t kMaxFrames = 3;
// A flat configuration; 1 MiB holds about 5,000 attributes with scripts.
inline constexpr std::size_t kMaxConfig = std::size_t{1} << 20;
// The largest piece of bulk in one message: at 64 kbit/s it holds up a ping for 4 s of the 10 s that
// mean death.
inline constexpr std::size_t kMaxChunk = std::size_t{32} << 10;
// The largest body of a message that is not bulk.
inline constexpr std::size_t kMaxBody = std::size_t{256} << 10;
// A configuration up to this size travels in its order; a larger one is fetched in pieces.
inline constexpr std::size_t kMaxInlineConfig = kMaxChunk;

}  // namespace fieldline::wire

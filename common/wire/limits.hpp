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
// One artifact: a shared script of the longest source that Lua takes, 128 KiB, or a list of a thousand
// recipients.
inline constexpr std::size_t kMaxArtifact = std::size_t{256} << 10;
// The bytes of journal records in one message: a batch has 64 KiB, or is one longer record of what was
// settled.
inline constexpr std::size_t kMaxRecords = std::size_t{128} << 10;
// Artifacts that a site holds, and the bytes of all of them: they stay in the memory of a node.
inline constexpr std::size_t kMaxArtifacts = 10'000;
inline constexpr std::size_t kMaxArtifactBytes = std::size_t{16} << 20;
// What an order of artifacts brings, its manifest of at most 2 MiB included.
inline constexpr std::size_t kMaxPackage = kMaxArtifactBytes + (std::size_t{2} << 20);
// A configuration up to this size travels in its order; a larger one is fetched in pieces.
inline constexpr std::size_t kMaxInlineConfig = kMaxChunk;

}  // namespace fieldline::wire

// What the HTTP side takes at most, and why.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fieldline::api {

// Longest request target: the longest cursor plus every filter at its longest.
inline constexpr std::size_t kTargetBytes = 8 * 1024;
// All header fields of a request, names and values.
inline constexpr std::size_t kHeaderBytes = 16 * 1024;
inline constexpr std::size_t kHeaderFields = 64;
// Body of a request that is going to be refused anyway (no token, no such route): read and dropped,
// so that the connection lives on. Anything longer is refused before it is read.
inline constexpr std::size_t kStrangerBodyBytes = 16 * 1024;
// A single document; a flat configuration may not be larger either.
inline constexpr std::size_t kDocumentBytes = 1024 * 1024;
// `apply`: about 10,000 documents.
inline constexpr std::size_t kApplyBytes = 32 * 1024 * 1024;
// Deepest nesting of a JSON body; documents need 8.
inline constexpr std::size_t kJsonDepth = 64;
// Problems listed in one answer; a person mends a few at a time.
inline constexpr std::size_t kProblemErrors = 1000;

// Instances on one page unless `limit` says otherwise, and at most.
inline constexpr std::size_t kPageSize = 100;
inline constexpr std::size_t kLargestPage = 1000;
// Instances that a list looks at in one turn of the loop: a few milliseconds.
inline constexpr std::size_t kRowsPerTurn = 5000;
// Events on one page, at most: what a site answers with in one message.
inline constexpr std::int64_t kEventPageSize = 500;
// Times that the nodes are asked for one page: 500 events of the largest kind come in 170 messages. A page
// that ends here is short, and its cursor goes on.
inline constexpr std::size_t kEventRounds = 200;

// Parked messages on one page: what a node answers with in one message.
inline constexpr std::int64_t kParkedPageSize = 100;
inline constexpr std::int64_t kLargestParkedPage = 200;
// Whole messages on one page of an export: 4 MiB of the largest.
inline constexpr std::int64_t kExportPageSize = 64;
// Messages that a person picks out: each is a question of its own.
inline constexpr std::size_t kPickedMessages = 200;
// How long a decision about all that match goes on; what is left then takes another request.
inline constexpr std::chrono::seconds kDecisionTime{60};

// Longest `?wait=`; a deployment's own deadline is as long.
inline constexpr std::chrono::seconds kLongestWait{60};

// Streams open at one time: each costs two sockets' buffers and a place in every fan-out.
inline constexpr std::size_t kStreams = 400;
// Events kept for clients that resume: minutes of a large fleet's deployments.
inline constexpr std::size_t kRingEvents = 8192;
inline constexpr std::size_t kRingBytes = 512 * 1024;
// How long events are kept for the last listener that left: a laptop that changes its network is back by
// then.
inline constexpr std::chrono::minutes kReturn{2};
// Longest silence on a stream, so that proxies and clients know that it lives.
inline constexpr std::chrono::seconds kHeartbeat{5};

// One server's own limits; tests tighten them.
struct ServerLimits {
  std::size_t connections = 1024;
  // Waiting and in flight on one stream; a client that falls further behind is closed. Twice what a
  // resuming client gets at once.
  std::size_t stream_bytes = 1024 * 1024;
  // From the first byte of a request to its last, and between two requests of a connection.
  std::chrono::milliseconds read{30'000};
  // Of one write to the socket; a large export over a slow line needs it.
  std::chrono::milliseconds write{60'000};
  // From the last byte of a request to its answer: over the longest wait.
  std::chrono::milliseconds handle{120'000};
  // How often the three above are looked at.
  std::chrono::milliseconds tick{1'000};
};

// How often a client that waits for a failover makes this look whether it has come; it takes a second or
// more.
inline constexpr auto kFailoverLook = std::chrono::milliseconds(100);

}  // namespace fieldline::api

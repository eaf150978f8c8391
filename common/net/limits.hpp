// The limits of the network room, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

namespace fieldline::net {

// A message is an envelope and a body; two more leave room for a later minor version.
constexpr std::size_t kMaxFrames = 4;
// Fifty times a usual flat configuration; bulk travels in chunks of 32 KiB.
constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20;
// One frame of the largest size and the small ones beside it.
constexpr std::size_t kMaxMessageBytes = kMaxFrameBytes + (std::size_t{64} << 10);
// A frame is sent inside a CURVE MESSAGE command: name, nonce, authenticator, flags (RFC 26). The
// wire limit must let that pass. (It must also be 276 or more, or no handshake fits.)
constexpr std::int64_t kMaxWireFrameBytes = static_cast<std::int64_t>(kMaxFrameBytes) + 64;

// Messages, per connection. Four times the window of orders of a site, so a full queue means a
// peer that does not read, not one that is busy.
constexpr int kSendHighWater = 128;
constexpr int kReceiveHighWater = 128;
// From this size a frame is handed to ZeroMQ without a copy; below, the copy is the cheaper one.
constexpr std::size_t kAdoptBytes = 4096;

// A peer that vanished without a word is noticed by TCP after idle + interval * count = 60 s. Ours
// is the faster judge (ping and pong); this one frees the descriptor.
constexpr std::chrono::seconds kKeepaliveIdle{30};
constexpr std::chrono::seconds kKeepaliveInterval{10};
constexpr int kKeepaliveCount = 3;
constexpr std::chrono::milliseconds kConnectTimeout{5'000};
// Half-open and slow handshakes are dropped after this.
constexpr std::chrono::milliseconds kHandshakeTimeout{10'000};
// A dial without any news, as of a name that does not resolve, is given up when both have passed.
constexpr Duration kDialTimeout = kConnectTimeout + kHandshakeTimeout;
// A fleet that reconnects all at once waits in the kernel, not in retransmissions of SYN.
constexpr int kBacklog = 1024;

// Messages that one socket may take before the others get their turn.
constexpr int kMessagesPerTurn = 64;
constexpr int kEventsPerTurn = 256;
// epoll counts time without suspension, Clock counts it with: a machine that wakes up looks at its
// timers within this.
constexpr Duration kLongestSleep = std::chrono::seconds{1};
// libzmq's own default (ZMQ_MAX_SOCKETS); simulators of fleets raise it.
constexpr int kMaxSockets = 1023;

// Keys that knocked and are not known. One address keeps only its share, so that a stranger who
// makes keys without end pushes out his own and not those of new sites.
constexpr std::size_t kMaxPending = 256;
constexpr std::size_t kMaxPendingPerAddress = 16;

// Start-up waits this long for its own two test connections.
constexpr Duration kProofTimeout = std::chrono::seconds{10};

// What one direction of a simulated connection holds: the queues of both of its ends.
constexpr std::size_t kTwinWindow = kSendHighWater + kReceiveHighWater;

}  // namespace fieldline::net

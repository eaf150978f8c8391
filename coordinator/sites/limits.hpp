// The limits of the Communication Layer, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/base/time.hpp"

namespace fieldline::sites {

// Orders that a node has received and not yet reported on. Keeps a connection's send queue (128) from
// filling, and a node from having more on its plate than it can do within a deadline.
inline constexpr std::size_t kOrderWindow = 32;
// Orders that wait for that window, per node: at 20 KiB each, 80 MiB of configurations.
inline constexpr std::size_t kMaxWaitingOrders = 4096;
// Questions that one node may owe an answer to: a page that shows values asks a few at a time.
inline constexpr std::size_t kMaxQuestions = 32;
// Messages that wait for a connection whose queue is full. A node that is behind by these as well does
// not read any more; its session ends.
inline constexpr std::size_t kMaxWaitingMessages = 128;
// A full queue is tried again after this: at 64 kbit/s it has drained 400 bytes, at 1 Gbit/s all of it.
inline constexpr Duration kRetry = std::chrono::milliseconds(50);
// Instances that one node may report: as many as a site is planned for at the most.
inline constexpr std::size_t kMaxInventory = 100'000;
// An inventory that could not be read to its end is asked for again after this.
inline constexpr Duration kPullAgain = std::chrono::seconds(5);
// A node that takes over its own live session this often within the span below is two processes with
// one key, or a link that flaps; either way a person should look.
inline constexpr std::size_t kContestedTakeovers = 3;
inline constexpr Duration kContestedSpan = std::chrono::seconds(60);
// One line in the log for all malformed messages of a node within this.
inline constexpr Duration kMalformedLog = std::chrono::seconds(10);
// A message of an outbox: a node keeps none over 60 KiB.
inline constexpr std::size_t kMaxMessage = std::size_t{64} << 10;
// What a node says of its software is cut to this before it is shown.
inline constexpr std::size_t kMaxSoftware = 64;

}  // namespace fieldline::sites

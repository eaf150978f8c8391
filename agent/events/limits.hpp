// The bounds of the site event log, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace fieldline::events {

// Events that wait for the disk. A flood of alarms of one large plant is a few thousand at once.
inline constexpr std::size_t kPending = 10'000;
// Events in one write: few enough that a query or a purge never waits long for its turn.
inline constexpr std::size_t kBatch = 500;
// Texts longer than these are cut: a person reads them in one line, details in one screen. So one
// event always fits a page.
inline constexpr std::size_t kMessageBytes = 2048;
inline constexpr std::size_t kDetailsBytes = 8192;
inline constexpr std::size_t kNameBytes = 256;
// A page travels in one message of at most 32 KiB (docs/protocol.md); the rest is for its envelope.
inline constexpr std::size_t kPageBytes = std::size_t{30} << 10;
inline constexpr std::size_t kPageEvents = 500;
// What an event costs on the wire beside its texts: keys, numbers, lengths.
inline constexpr std::size_t kEventOverhead = 192;
// Rows that one page may look at, so that a rare keyword in a long log does not hold the reader: the
// page is then short and its cursor goes on from there.
inline constexpr std::size_t kPageScan = 100'000;
// Rows deleted in one write of a purge; appends go in between.
inline constexpr std::size_t kPurgeRows = 2000;
// Appended events after which the size is looked at, beside the daily purge.
inline constexpr std::size_t kSizeCheckEvents = 10'000;
// The longest sleep between looks at the wall clock, which may be set at any time.
inline constexpr std::chrono::minutes kClockCheck{15};

}  // namespace fieldline::events

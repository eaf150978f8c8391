// The bounds of the outbox, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fieldline::outbox {

// Delivered messages whose end is not on the disk yet: as many may arrive twice after a crash. Past them the
// lanes wait.
inline constexpr std::size_t kUnmarked = 1024;
// Ends of messages share a write: so many at once, or what there is after so long.
inline constexpr std::size_t kMarksAtOnce = 128;
inline constexpr std::chrono::milliseconds kMarkLinger{5};
// Between two attempts to write what the disk refused.
inline constexpr std::chrono::seconds kDiskRetry{1};
// How long a lane waits before it asks again whether this node may act.
inline constexpr std::chrono::seconds kLeaseCheck{1};
// What a target may ask for with Retry-After: past it a mended target would be left alone too long.
inline constexpr std::chrono::hours kLongestRetryAfter{1};
// What stays free on the disk for the marks of what was delivered: no message is accepted into it.
inline constexpr std::int64_t kReservedDisk = std::int64_t{64} << 20;
// How often that is looked at.
inline constexpr std::chrono::seconds kDiskCheck{1};
// A person is told when a target has this much of what it may have, and again after it fell below the other.
inline constexpr std::int64_t kWarnPercent = 80;
inline constexpr std::int64_t kCalmPercent = 60;
// Events of one kind about one target; what comes between is counted into the next.
inline constexpr std::chrono::minutes kNoticeInterval{1};

}  // namespace fieldline::outbox

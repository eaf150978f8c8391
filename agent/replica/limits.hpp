// The bounds of what a pair replicates, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/base/time.hpp"

namespace fieldline::replica {

// What the stream brings while an older part is fetched: two seconds at 1,000 messages of 1 KiB. Past it the
// standby fetches on until it meets the stream again.
inline constexpr std::size_t kLiveBytes = std::size_t{2} << 20;
inline constexpr std::size_t kLivePortions = 4096;
// Put on the disk in one write: what came during the one before it.
inline constexpr std::size_t kApplyBytes = std::size_t{256} << 10;
// Pages under way: one is read and one written while two travel.
inline constexpr std::uint32_t kResyncWindow = 4;
// What a peer may ask for, whatever it says.
inline constexpr std::uint32_t kLongestWindow = 16;
// A page, or the answer to an offer, that has not come by then is asked for anew.
inline constexpr Duration kPatience = std::chrono::seconds(3);
// The beacon, the cumulative ack, and the look at what is late.
inline constexpr Duration kBeaconInterval = std::chrono::seconds(1);
// An active peer whose stream is silent for so many beacons is dialed anew.
inline constexpr Duration kSilence = std::chrono::seconds(5);
// The stream is dialed again after a random wait that grows up to this.
inline constexpr Duration kRedialBase = std::chrono::milliseconds(200);
inline constexpr Duration kRedialCap = std::chrono::seconds(3);
// Samples of when the journal grew, for the age of what the standby lacks.
inline constexpr std::size_t kGrowths = 256;
// Damaged messages are asked of the peer now and then, so many at a time.
inline constexpr Duration kMendInterval = std::chrono::seconds(10);
inline constexpr std::size_t kMendIds = 100;
// The identity of a journal or a stream: 32 hex digits today.
inline constexpr std::size_t kLongestName = 64;
// Records in one message; the smallest take 64 bytes of the 64 KiB.
inline constexpr std::size_t kBatchRecords = 2048;

}  // namespace fieldline::replica

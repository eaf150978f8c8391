// The limits of the audit log, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace fieldline::audit {

// Entries that wait for the one write under way: more than all requests that can be open at one time
// together with a burst of operations that end. At their largest 200 MiB.
inline constexpr std::size_t kWaiting = 16'384;
// Requests that were put down before they are carried out, and have no entry yet: as many as entries
// can wait. Those whose entry could not be written count until the next start.
inline constexpr std::size_t kIntents = kWaiting;
// Entries in one write.
inline constexpr std::size_t kBatch = 256;
// A name, a path or an address in an entry; longer ones are cut.
inline constexpr std::size_t kTextBytes = 512;
// The details of an entry; longer ones are left out.
inline constexpr std::size_t kDetailsBytes = 8 * 1024;
// Names of members, and documents of one text, that the details of an entry list.
inline constexpr std::size_t kNames = 20;

// How soon the head is written again after it was: an entry costs no sync of its own.
inline constexpr std::chrono::seconds kHeadPeriod{1};
// How soon an entry that could not be written is tried again, when nobody waits for it.
inline constexpr std::chrono::seconds kRetry{5};
// Ends of operations that wait to be compared, as many as can be under way: 10 MiB. Those past it are
// recorded without what they changed.
inline constexpr std::size_t kEnds = 10'000;

// Refusals of callers without a credential that are recorded at once, and how often one is after that:
// under 1 MB a day, whatever a stranger sends. The others are counted.
inline constexpr std::size_t kStrangersAtOnce = 100;
inline constexpr std::chrono::minutes kPerStranger{1};

}  // namespace fieldline::audit

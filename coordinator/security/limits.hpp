// What security takes at most, and why.
#pragma once

#include <chrono>
#include <cstddef>

namespace fieldline::security {

// Users and tokens: each request looks them up in memory, each change copies them.
inline constexpr std::size_t kUsers = 1000;
inline constexpr std::size_t kTokens = 2000;
inline constexpr std::size_t kGrants = 16;
inline constexpr std::size_t kGrantSites = 1000;
// Changes of them that wait for the disk.
inline constexpr std::size_t kWaitingChanges = 64;

// Bytes of a password. The lower is that of NIST SP 800-63B; the upper keeps a body small.
inline constexpr std::size_t kShortestPassword = 8;
inline constexpr std::size_t kLongestPassword = 256;
// Argon2id at "moderate" takes 256 MiB and most of a second: two at a time, and as many more as get
// their turn within the time that a person waits.
inline constexpr std::size_t kHashers = 2;
inline constexpr std::size_t kWaitingHashes = 16;

// Sessions in memory; the one unused longest makes room, of the same user first.
inline constexpr std::size_t kSessions = 2000;
inline constexpr std::size_t kSessionsOfUser = 20;
inline constexpr std::chrono::minutes kSessionIdle{30};
inline constexpr std::chrono::hours kSessionAge{12};

}  // namespace fieldline::security

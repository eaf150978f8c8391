// The bounds of the targets, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/base/time.hpp"

namespace fieldline::targets {

// Transfers at once, and those that wait for one to end. Each holds a socket and up to kAnswerBytes.
inline constexpr std::size_t kTransfers = 32;
inline constexpr std::size_t kTransfersWaiting = 256;
// The same of one target: a slow one takes a quarter and no more.
inline constexpr std::size_t kTransfersOfOne = 8;
inline constexpr std::size_t kTransfersOfOneWaiting = 64;
// Of an answer's body. A Lua string holds 1 MiB with its header.
inline constexpr std::size_t kAnswerBytes = 1'000'000;
// Of JSON in it that a script gets as tables: it may nest them to 32, and these are in one.
inline constexpr int kAnswerDepth = 30;
// Of all header lines of an answer, as servers bound those of requests.
inline constexpr std::size_t kHeaderBytes = 64 * 1024;
// Of a request's body and of one header line's value.
inline constexpr std::size_t kRequestBytes = std::size_t{1} << 20;
inline constexpr std::size_t kHeaderValueBytes = 8 * 1024;
inline constexpr std::size_t kRequestHeaders = 64;
inline constexpr std::size_t kPathBytes = 4096;

// To reach a server: what takes longer is as good as gone.
inline constexpr Duration kConnectTimeout = std::chrono::seconds(10);
// Of one HTTP request, whatever the artifact says: as central bounds it.
inline constexpr Duration kLongestTimeout = std::chrono::minutes(10);
// Of one mail: greylisting servers answer slowly (RFC 5321, 4.5.3.2, allows minutes for each command).
inline constexpr Duration kMailTimeout = std::chrono::minutes(2);
// Of one statement. The server cancels it; one that is silent for kSilence more is lost.
inline constexpr Duration kStatementTimeout = std::chrono::seconds(30);
inline constexpr Duration kSilence = std::chrono::seconds(10);
inline constexpr Duration kBusyTimeout = std::chrono::seconds(5);

// Of a query's answer: what a script can look through within its budget.
inline constexpr std::size_t kRows = 1'000;
inline constexpr std::size_t kRowBytes = std::size_t{1} << 20;
inline constexpr std::size_t kStatementBytes = 64 * 1024;
// Statements that wait for one connection. A script has at most one, so this is many scripts.
inline constexpr std::size_t kStatementsWaiting = 64;
// Connections to databases, each with a thread. A site has a few databases, and two connections to each.
inline constexpr std::size_t kLanes = 32;
// Marks of what was delivered to a database go after this; a message older than it that is tried again by
// hand may be written twice.
inline constexpr std::chrono::hours kMarksKept{24 * 30};

// Of a reason, as people read it.
inline constexpr std::size_t kReasonBytes = 300;

}  // namespace fieldline::targets

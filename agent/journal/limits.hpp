// The bounds of the journal, each with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fieldline::journal {

// A message as it is kept: with its header it fits one batch of what a pair replicates.
inline constexpr std::size_t kMessageBytes = std::size_t{60} << 10;
// What one batch of records that a peer reads may take.
inline constexpr std::size_t kRecordBytes = std::size_t{64} << 10;
// Messages in one write. A group of 256 has nearly all that a larger one would gain.
inline constexpr std::size_t kAcceptBatch = 256;
// Writes of accepted messages that are under way: one commits while the next is made.
inline constexpr std::size_t kAcceptsInFlight = 2;
// Messages that begin the second of them: a full one. Fewer wait, and share the cost of a sync.
inline constexpr std::size_t kWorthAWrite = 256;
// Messages that wait for such a write. At 50,000 a second this is a fifth of a second.
inline constexpr std::size_t kAcceptsWaiting = 10'000;
// Settled messages in one write and one record: with their details they fit a batch.
inline constexpr std::size_t kSettleBatch = 256;
inline constexpr std::size_t kDetailBytes = 120;
// Why a message was parked: a person reads it in one line.
inline constexpr std::size_t kReasonBytes = 500;
// What a lane has in memory at a time.
inline constexpr std::size_t kWindowMessages = 256;
inline constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
// Parked messages moved by one write, so that an accept never waits long for its turn.
inline constexpr std::size_t kMoveBatch = 100;
// The name of a node, within a message's id.
inline constexpr std::size_t kNodeName = 128;
// Nodes whose messages a journal has: the two of a pair, and those that they replaced.
inline constexpr std::int64_t kNodes = 64;
// What one instance may keep over a restart: every attribute and alarm of the largest configuration.
inline constexpr std::size_t kKeptBytes = std::size_t{1} << 20;
// Damaged messages that are asked of the peer; more are a broken disk.
inline constexpr std::size_t kWanted = 1000;
// Rows removed by one write at the end of a snapshot.
inline constexpr std::int64_t kSweepRows = 1000;
// A page of parked messages travels in one message of at most 32 KiB (docs/protocol.md).
inline constexpr std::size_t kPageBytes = std::size_t{30} << 10;
inline constexpr std::size_t kPageEntries = 200;
// Of a parked message on a page, beside its texts.
inline constexpr std::size_t kHeadlineBytes = 200;
// Parked messages looked at in one go for those of an instance: some 20 ms.
inline constexpr std::int64_t kLookedAt = 2000;
// Targets that ever had a message here: as many as a site holds artifacts.
inline constexpr std::size_t kTargets = 10'000;
// Proofs of delivery: a day of two a second, in some 15 MB; and how long they are kept.
inline constexpr std::int64_t kProofs = 200'000;
inline constexpr std::chrono::hours kProofAge{24 * 30};
// Places that are skipped where the end of the file is lost: more than its log has room for.
inline constexpr std::int64_t kSkipped = 1'000'000;
// Records of what was settled, for a peer that reads on after an absence. Past them it takes everything.
inline constexpr std::int64_t kMarks = 50'000;
inline constexpr std::chrono::minutes kPruneInterval{1};
// Statements that a session keeps compiled: twice as many as there are texts of them.
inline constexpr std::size_t kIdleStatements = 128;
// Rows deleted by one write of a prune.
inline constexpr std::int64_t kPruneRows = 2000;

}  // namespace fieldline::journal

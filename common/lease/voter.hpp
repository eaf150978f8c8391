// One of the three voters of a site, as a pure machine: node a, node b and the coordinator each have one.
// It serves one node at a time, and its vote is durable before it is answered.
//
//   ask ──► refused                          held back after a start · serves another · an older epoch
//       ├─► Keep ───── on disk ──► granted   a vote for another node, or in a later epoch
//       └─► Confirm ── still mine ─► granted the next stretch of a lease: nothing new to write
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "common/base/time.hpp"
#include "common/lease/timers.hpp"
#include "common/model/lease.hpp"

namespace fieldline::lease {

// What a voter keeps on disk: whom it voted for last. It never votes in an epoch twice.
struct Vote {
  std::uint64_t epoch = 0;  // 0: has never voted
  std::string holder;
  Duration lease{};  // what the holder may have been granted

  friend bool operator==(const Vote&, const Vote&) = default;
};

// A request, and whose it is by the key it came with.
struct Ask {
  std::string holder;
  VoteRequest request;
};

struct Voter {
  // An ask whose vote is on its way to the disk; all others are refused meanwhile.
  struct Waiting {
    Ask ask;
    Instant came{};
  };

  Vote kept;
  Instant holds_until{};   // since a start: whom it served before is not known
  Instant serves_until{};  // the lease of kept.holder, as it is counted here
  std::optional<Waiting> waiting;
};

using Answer = std::variant<VoteGrant, VoteRefusal>;
// Make this durable, then settle().
struct Keep {
  Vote vote;
};
// See that nobody else has become this voter, then settle().
struct Confirm {};
using Decision = std::variant<VoteGrant, VoteRefusal, Keep, Confirm>;

// A voter that starts, with what it finds on its disk. It holds back as long as a lease lasts that it may
// have granted just before it stopped, and no less than one of `lease`.
Voter start(Vote kept, Duration lease, Instant now);

Decision ask(Voter& voter, const Ask& ask, Instant now);
// What was asked for is durable, confirmed, or it failed.
Answer settle(Voter& voter, bool done, VoteReason otherwise = VoteReason::kUnavailable);
// True when it served `holder` in `epoch`, and from now on does not.
bool release(Voter& voter, const std::string& holder, std::uint64_t epoch, Instant now);

// Can it vote for another than kept.holder?
[[nodiscard]] bool is_free(const Voter& voter, Instant now);

}  // namespace fieldline::lease

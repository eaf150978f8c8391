// Which of a pair's two nodes is active, as a pure machine: no socket, no disk, no clock. A node is active
// while it has its own vote and a live lease from its peer or from the coordinator (docs/pair.md).
//
//  kBootHold ─► kSyncing ─► kStandby ─► kCandidate ─► kActive ◄─► kDraining
//                 ▲  ▲         ▲  no majority │          │            │
//                 │  │         └──────────────┘          │ lease over │
//                 │  └────── kFenced ◄───────────────────┴────────────┤
//                 └───────────────────────────────────── handed over ─┘
//
//  any ─► kMaintenance ─► kSyncing: an operator's word.   any ─► kTerminated: only a restart leaves it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/pair/settings.hpp"
#include "common/base/time.hpp"
#include "common/lease/voter.hpp"
#include "common/model/lease.hpp"
#include "common/model/session.hpp"

namespace fieldline::pair {

// Leases count `now`, which is boot time; `utc` is only watched for jumps.
struct Moment {
  Instant now{};
  Timestamp utc{};
};

using PeerMessage = std::variant<VoteRequest, VoteGrant, VoteRefusal, LeaseRelease, PeerBeat>;
using CentralMessage = std::variant<VoteRequest, LeaseRelease, RoleChange>;

// Events.
struct Tick {};
struct FromPeer {
  PeerMessage message;
};
struct FromCentral {
  lease::Answer answer;
};
struct VoteKept {  // the answer to KeepVote
  bool done = false;
};
struct Reached {  // this node's own journal
  JournalPosition position;
};
struct Drained {};  // no delivery is in flight any more, since StopDeliveries
struct Stopped {};  // nothing is served any more, since EndServing; all it wrote is in the journal
enum class Command { kSwitch, kEnterMaintenance, kLeaveMaintenance, kStop };
struct Disowned {  // another node bears this name, or the peer speaks another protocol
  std::string why;
};
using Event =
    std::variant<Tick, FromPeer, FromCentral, VoteKept, Reached, Drained, Stopped, Command, Disowned>;

// Actions, to be carried out in order.
struct KeepVote {  // durable, then VoteKept
  lease::Vote vote;
};
struct ToPeer {
  PeerMessage message;
};
struct ToCentral {
  CentralMessage message;
};
struct BeginServing {
  std::uint64_t epoch = 0;
};
struct EndServing {};  // then Stopped
struct StopDeliveries {};
struct ResumeDeliveries {};
struct RaiseEpoch {  // of what is served: another voter had to be outbid
  std::uint64_t epoch = 0;
};
// The node became active without what its peer kept after `after`, for all that it knows: a peer that was
// killed or cut off has told of what it kept up to its last beat, and no further.
struct RecordWindow {
  std::uint64_t epoch = 0;
  JournalPosition after;
  std::optional<std::uint64_t> rows;  // at least so many, and perhaps none; absent: nothing is known of them
  std::optional<Timestamp> since;     // all that the peer kept before is here; absent: since its start this
                                      // node was never in step
};
struct Alarm {
  std::string_view code;
  std::string message;
};
struct RefuseCommand {
  std::string_view code;
  std::string_view message;
};
struct Enter {
  NodePhase from{};
  NodePhase to{};
  std::string_view why;
};
using Action = std::variant<KeepVote, ToPeer, ToCentral, BeginServing, EndServing, StopDeliveries,
                            ResumeDeliveries, RaiseEpoch, RecordWindow, Alarm, RefuseCommand, Enter>;
using Actions = std::vector<Action>;

struct State {
  // A request whose answer may still come.
  struct Asked {
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;
    bool probe = false;
    Instant sent{};
  };
  // What the peer said last.
  struct Peer {
    bool known = false;
    Instant heard{};
    NodePhase phase = NodePhase::kBootHold;
    JournalPosition position;
    JournalPosition furthest;    // that it ever told
    bool writes = false;         // it served, and has not said since that it ended all of that
    std::uint64_t released = 0;  // it is not active in this epoch any more
  };
  // Of a planned switch.
  struct Drain {
    Instant until{};
    bool empty = false;  // no delivery in flight
    bool ended = false;  // told to end serving
  };

  Settings settings;
  NodePhase phase = NodePhase::kBootHold;
  lease::Voter voter;
  std::uint64_t epoch = 0;       // in which this node is active, or was last
  std::uint64_t asking = 0;      // in which it asks for votes; its own is durable
  std::uint64_t wanted = 0;      // in which its own vote is on its way to the disk
  std::uint64_t seen_epoch = 0;  // the highest heard of
  Instant lease_until{};
  bool unleased = false;  // active by a fixed role, or as a lone survivor
  bool stopping = false;  // from EndServing to Stopped
  std::uint64_t numbers = 0;
  std::vector<Asked> asked;
  JournalPosition position;
  Peer peer;
  bool unheard = false;              // the peer was active, perhaps, since it was last heard
  std::optional<Instant> in_step{};  // when the latest beat came of which this node has every row
  Instant heard_voter{};             // a message from either of the other two voters
  Instant vacant_from{};             // no active peer is known from then on
  Instant eligible_from{};           // it does not try to become active before
  Instant next_beat{};
  Instant next_probe{};
  Instant campaign_until{};
  unsigned campaigns = 0;  // that failed, since the node was active
  Drain drain;
  bool held_back = false;  // it would get a vote, and by the strict setting it does not ask
  std::optional<Moment> last;
};

// A node that starts with what its disk has; checked settings.
State start(const Settings& settings, lease::Vote kept, const JournalPosition& position, Moment at);

Actions step(State& state, const Event& event, Moment at);

// When a Tick has something to do, at the latest.
Instant next_tick(const State& state);

// May this node write to the field, deliver, report, at this very moment? Asked before each side effect.
[[nodiscard]] bool may_act(const State& state, Instant now);
// May it start a delivery?
[[nodiscard]] bool may_deliver(const State& state, Instant now);
[[nodiscard]] Role role_of(const State& state);
// Does it lack what its peer kept, as far as it can tell?
[[nodiscard]] bool lacks(const State& state);

}  // namespace fieldline::pair

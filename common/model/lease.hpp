// How two nodes of a site and the coordinator settle which node is active, and what the nodes tell
// each other about it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/session.hpp"

namespace fieldline {

// Epochs above this are refused everywhere: they fit a column of 64 signed bits, and no stray number can
// use up what is left.
inline constexpr std::uint64_t kMaxEpoch = std::uint64_t{1} << 62;

// Where a node is in its life; docs/pair.md has the states.
enum class NodePhase {
  kBootHold,
  kSyncing,
  kStandby,
  kCandidate,
  kActive,
  kDraining,
  kFenced,
  kMaintenance,
  kTerminated,
};
template <>
inline constexpr std::array kEnumNames<NodePhase> =
    std::to_array<std::string_view>({"boot-hold", "syncing", "standby", "candidate", "active", "draining",
                                     "fenced", "maintenance", "terminated"});

// How far a node's journal reaches: a row of a later epoch is further, whatever its sequence.
struct JournalPosition {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;

  static constexpr auto fields = fields_in_order(required("epoch", &JournalPosition::epoch),
                                                 required("sequence", &JournalPosition::sequence));
  friend auto operator<=>(const JournalPosition&, const JournalPosition&) = default;
};

// A node asks for a vote, or for the next stretch of its lease. Who asks is known by its key.
struct VoteRequest {
  std::uint64_t epoch = 0;
  Duration lease{};  // the node stops at nine tenths of it, the voter counts eleven
  std::uint64_t number =
      0;               // of this request; but for probes, unique with the epoch over all lives of a node
  bool probe = false;  // only asks what the answer would be

  static constexpr auto fields =
      fields_in_order(required("epoch", &VoteRequest::epoch), required("lease", &VoteRequest::lease),
                      required("number", &VoteRequest::number), required("probe", &VoteRequest::probe));
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

struct VoteGrant {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  bool probe = false;  // nothing was granted: it would have been

  static constexpr auto fields =
      fields_in_order(required("epoch", &VoteGrant::epoch), required("number", &VoteGrant::number),
                      required("probe", &VoteGrant::probe));
  friend bool operator==(const VoteGrant&, const VoteGrant&) = default;
};

enum class VoteReason {
  kBusy,         // another vote is on its way to the disk
  kHolding,      // started not long ago, and may have voted before
  kLease,        // no such length of a lease
  kNotLeading,   // another coordinator leads
  kOldEpoch,     // has voted in this epoch or a later one
  kServing,      // its vote is another's
  kUnavailable,  // its disk or database did not take the vote
};
template <>
inline constexpr std::array kEnumNames<VoteReason> = std::to_array<std::string_view>(
    {"busy", "holding", "lease", "not-leading", "old-epoch", "serving", "unavailable"});

struct VoteRefusal {
  std::uint64_t epoch = 0;  // of the request, as is the number
  std::uint64_t kept = 0;   // the latest epoch in which it has voted
  std::uint64_t number = 0;
  VoteReason reason = VoteReason::kUnavailable;
  Duration wait{};  // asking again before this is over is of no use; 0: not known

  static constexpr auto fields =
      fields_in_order(required("epoch", &VoteRefusal::epoch), required("kept", &VoteRefusal::kept),
                      required("number", &VoteRefusal::number), required("reason", &VoteRefusal::reason),
                      defaulted("wait", &VoteRefusal::wait));
  friend bool operator==(const VoteRefusal&, const VoteRefusal&) = default;
};

// The sender is not active any more in `epoch`, nor will it be: who voted for it is free.
struct LeaseRelease {
  std::uint64_t epoch = 0;
  bool handover = false;  // to the peer: take over at once

  static constexpr auto fields =
      fields_in_order(required("epoch", &LeaseRelease::epoch), required("handover", &LeaseRelease::handover));
  friend bool operator==(const LeaseRelease&, const LeaseRelease&) = default;
};

// What a node tells its peer every second.
struct PeerBeat {
  std::uint64_t epoch = 0;  // in which it is active, or was last; 0: never
  NodePhase phase = NodePhase::kBootHold;
  JournalPosition position;

  static constexpr auto fields =
      fields_in_order(required("epoch", &PeerBeat::epoch), required("phase", &PeerBeat::phase),
                      required("position", &PeerBeat::position));
  friend bool operator==(const PeerBeat&, const PeerBeat&) = default;
};

// What a node tells the coordinator when its role or its epoch changes within a session.
struct RoleChange {
  std::uint64_t epoch = 0;
  NodePhase phase = NodePhase::kBootHold;
  Role role = Role::kStandby;

  static constexpr auto fields =
      fields_in_order(required("epoch", &RoleChange::epoch), required("phase", &RoleChange::phase),
                      required("role", &RoleChange::role));
  friend bool operator==(const RoleChange&, const RoleChange&) = default;
};

// The coordinator asks the active node to hand over to its peer.
struct SwitchQuery {
  static constexpr auto fields = fields_in_order();
  friend bool operator==(const SwitchQuery&, const SwitchQuery&) = default;
};

// The coordinator takes a node that is not active out of service, or back: it never becomes active meanwhile.
struct MaintenanceQuery {
  bool enter = false;

  static constexpr auto fields = fields_in_order(required("enter", &MaintenanceQuery::enter));
  friend bool operator==(const MaintenanceQuery&, const MaintenanceQuery&) = default;
};

// Of both: it has begun, or `code` says why not.
struct SwitchAnswer {
  std::string code;
  std::string message;

  static constexpr auto fields =
      fields_in_order(defaulted("code", &SwitchAnswer::code), defaulted("message", &SwitchAnswer::message));
  friend bool operator==(const SwitchAnswer&, const SwitchAnswer&) = default;
};

}  // namespace fieldline

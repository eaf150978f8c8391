#include "agent/pair/role.hpp"

#include <algorithm>
#include <utility>

#include "agent/pair/turn.hpp"

namespace fieldline::pair {

State start(const Settings& settings, lease::Vote kept, const JournalPosition& position, Moment at) {
  State state;
  state.settings = settings;
  state.seen_epoch = std::max(kept.epoch, position.epoch);
  // The latest service that its disk tells of was not its own.
  const bool voted_for_peer = kept.epoch > 0 && kept.holder == settings.peer;
  state.unheard = !settings.peer.empty() && (voted_for_peer || position.epoch > kept.epoch);
  state.voter = lease::start(std::move(kept), settings.timers.lease, at.now);
  // A fixed role asks nobody, and its vote is asked for by nobody.
  if (settings.control == Control::kFixedActive || settings.peer.empty()) state.voter.holds_until = at.now;
  state.position = position;
  state.heard_voter = at.now;
  state.next_beat = at.now;
  state.last = at;
  return state;
}

Actions step(State& state, const Event& event, Moment at) {
  return Turn(state, at).take(event);
}

bool may_act(const State& state, Instant now) {
  if (state.phase != NodePhase::kActive && state.phase != NodePhase::kDraining) return false;
  if (state.phase == NodePhase::kDraining && state.drain.ended) return false;
  return state.unleased || now < state.lease_until;
}

bool may_deliver(const State& state, Instant now) {
  return state.phase == NodePhase::kActive && may_act(state, now);
}

Role role_of(const State& state) {
  const bool serves = state.phase == NodePhase::kActive || state.phase == NodePhase::kDraining;
  return serves ? Role::kActive : Role::kStandby;
}

bool behind(const State& state) {
  return state.peer.known && state.peer.position > state.position;
}

bool lacks(const State& state) {
  return behind(state) || state.unheard;
}

Instant turn_comes(const State& state, Instant now) {
  const auto& timers = state.settings.timers;
  const auto own = std::max(state.vacant_from, state.eligible_from);
  const auto& peer = state.peer;
  if (!peer.known || now - peer.heard > timers.lease || !behind(state)) return own;
  // The one that is further in the journal goes first, if it can; while it holds back after its start it
  // can't yet.
  switch (peer.phase) {
    case NodePhase::kBootHold:
      return std::max(own, state.vacant_from + lease::counted(timers.lease) + 2 * timers.renew);
    case NodePhase::kMaintenance:
    case NodePhase::kTerminated:
      return own;
    default:
      return std::max(own, state.vacant_from + 2 * timers.renew);
  }
}

Instant next_tick(const State& state) {
  const auto now = state.last ? state.last->now : Instant{};
  auto next = state.next_beat;
  const auto at = [&](Instant when) {
    if (when > now) next = std::min(next, when);
  };
  switch (state.phase) {
    case NodePhase::kBootHold:
      at(state.voter.holds_until);
      break;
    case NodePhase::kSyncing:
      at(state.vacant_from);
      break;
    case NodePhase::kStandby:
      at(state.next_probe);
      at(turn_comes(state, now));
      at(state.voter.serves_until);
      break;
    case NodePhase::kCandidate:
      at(state.campaign_until);
      break;
    case NodePhase::kActive:
      if (!state.unleased) at(state.lease_until);
      break;
    case NodePhase::kDraining:
      at(state.lease_until);
      at(state.drain.until);
      break;
    case NodePhase::kFenced:
    case NodePhase::kMaintenance:
    case NodePhase::kTerminated:
      break;
  }
  return next;
}

}  // namespace fieldline::pair

#include "agent/pair/turn.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/pair/limits.hpp"

namespace fieldline::pair {
namespace {

bool is_serving(NodePhase phase) {
  return phase == NodePhase::kActive || phase == NodePhase::kDraining;
}

// A node in this phase writes nothing of its own any more; one that is fenced or steps aside may still.
bool has_ended(NodePhase phase) {
  return phase == NodePhase::kBootHold || phase == NodePhase::kStandby || phase == NodePhase::kCandidate;
}

}  // namespace

Actions Turn::take(const Event& event) {
  watch_clocks();
  expire();
  const bool over = state_.phase == NodePhase::kTerminated && !std::holds_alternative<Stopped>(event);
  if (!over) {
    std::visit([this](const auto& happened) { on(happened); }, event);
  } else if (std::holds_alternative<Command>(event)) {
    act(RefuseCommand{"terminated", "the node takes no part until it is restarted"});
  }
  run();
  return std::move(actions_);
}

void Turn::watch_clocks() {
  const auto last = state_.last.value_or(at_);
  const auto jump = (at_.utc - last.utc) - (at_.now - last.now);
  state_.last = at_;
  if (std::chrono::abs(jump) < settings_.clock_jump) return;
  act(Alarm{"clock-jump", fmt::format("the wall clock jumped by {} ms; no lease counts it",
                                      std::chrono::duration_cast<std::chrono::milliseconds>(jump).count())});
}

// Before anything else at any moment: what comes late, after a pause, finds the lease over.
void Turn::expire() {
  if (serving() && !state_.unleased && now_ >= state_.lease_until) fence("its lease is over");
}

void Turn::on(const FromPeer& event) {
  state_.heard_voter = now_;
  std::visit([this](const auto& message) { hear(message); }, event.message);
}

void Turn::on(const FromCentral& event) {
  state_.heard_voter = now_;
  answer(event.answer);
}

void Turn::answer(const lease::Answer& answer) {
  std::visit([this](const auto& message) { hear(message); }, answer);
}

void Turn::hear(const VoteRequest& request) {
  if (state_.phase == NodePhase::kCandidate && !request.probe && peer_goes_first())
    abandon("the peer goes first");
  // Its vote is its own.
  if (state_.phase == NodePhase::kCandidate || serving()) {
    return to_peer(
        VoteRefusal{request.epoch, state_.voter.kept.epoch, request.number, VoteReason::kServing, {}});
  }
  const auto decision = lease::ask(state_.voter, {settings_.peer, request}, now_);
  if (const auto* keep = std::get_if<lease::Keep>(&decision)) return act(KeepVote{keep->vote});
  if (const auto* grant = std::get_if<VoteGrant>(&decision)) return to_peer(*grant);
  if (const auto* refusal = std::get_if<VoteRefusal>(&decision)) return to_peer(*refusal);
  // Nobody else writes to this node's disk: a renewal needs no look at it.
  to_peer(std::get<VoteGrant>(lease::settle(state_.voter, true)));
}

void Turn::on(const VoteKept& event) {
  if (!state_.voter.waiting) return;
  const auto holder = state_.voter.waiting->ask.holder;
  const auto answer = lease::settle(state_.voter, event.done);
  if (holder == settings_.node) return own_vote_kept(event.done);
  std::visit([this](const auto& message) { to_peer(message); }, answer);
}

void Turn::hear(const VoteGrant& grant) {
  const auto found = std::find_if(state_.asked.begin(), state_.asked.end(), [&](const auto& asked) {
    return asked.epoch == grant.epoch && asked.number == grant.number && asked.probe == grant.probe;
  });
  if (found != state_.asked.end()) granted(State::Asked(*found));
}

void Turn::hear(const VoteRefusal& refusal) {
  const auto found = std::find_if(state_.asked.begin(), state_.asked.end(), [&](const auto& asked) {
    return asked.epoch == refusal.epoch && asked.number == refusal.number;
  });
  if (found != state_.asked.end() && refusal.kept <= kMaxEpoch) refused(State::Asked(*found), refusal);
}

void Turn::hear(const LeaseRelease& release) {
  if (release.epoch > kMaxEpoch) return;
  state_.peer.released = std::max(state_.peer.released, release.epoch);
  if (!lease::release(state_.voter, settings_.peer, release.epoch, now_)) return;
  state_.vacant_from = std::min(state_.vacant_from, now_);
  if (!release.handover || state_.phase != NodePhase::kStandby || !automatic() || behind(state_)) return;
  state_.peer.phase = NodePhase::kSyncing;
  state_.peer.writes = false;
  campaign();
}

void Turn::hear(const PeerBeat& beat) {
  if (beat.epoch > kMaxEpoch || beat.position.epoch > kMaxEpoch) return;
  // Overtaken by its own release.
  if (is_serving(beat.phase) && beat.epoch <= state_.peer.released) return;
  const auto furthest = std::max(state_.peer.furthest, beat.position);
  const bool served = state_.peer.writes || state_.unheard;
  const bool writes = is_serving(beat.phase) || (served && !has_ended(beat.phase));
  state_.peer = {true, now_, beat.phase, beat.position, furthest, writes, state_.peer.released};
  state_.unheard = false;
  note_step();
  state_.seen_epoch = std::max({state_.seen_epoch, beat.epoch, beat.position.epoch});
  if (is_serving(beat.phase)) {
    meet_active(beat);
  } else {
    state_.vacant_from = std::min(state_.vacant_from, now_);
  }
  // A peer that waits for this node to have every row hears at once that it has.
  if (beat.phase == NodePhase::kDraining) this->beat();
}

void Turn::meet_active(const PeerBeat& beat) {
  state_.vacant_from = now_ + settings_.timers.lease;
  state_.held_back = false;
  if (state_.phase == NodePhase::kCandidate) return abandon("the peer is active");
  if (!serving()) return;
  if (state_.unleased && settings_.control == Control::kFixedActive)
    return act(Alarm{"two-active", "the peer is active, too: one of two fixed roles is wrong"});
  if (state_.unleased || beat.epoch > state_.epoch) fence("the peer is active in a later epoch");
}

void Turn::on(const Reached& event) {
  state_.position = event.position;
  note_step();
  state_.seen_epoch = std::max(state_.seen_epoch, event.position.epoch);
  if (state_.peer.known && state_.peer.phase == NodePhase::kDraining) beat();
}

void Turn::note_step() {
  if (state_.peer.known && !behind(state_)) state_.in_step = state_.peer.heard;
  if (!lacks(state_)) state_.held_back = false;
}

void Turn::on(const Stopped&) {
  state_.stopping = false;
  if (state_.phase != NodePhase::kDraining) return;
  // From here on nobody serves: the peer gets its last rows soon, or this node goes on.
  state_.drain.until = now_ + settings_.timers.lease / 2;
  beat();
}

void Turn::on(const Drained&) {
  if (state_.phase == NodePhase::kDraining) state_.drain.empty = true;
}

// Why nobody could take over now; empty: the peer can.
std::string_view Turn::no_standby() const {
  const auto& peer = state_.peer;
  if (settings_.peer.empty()) return "the node has no peer that could take over";
  if (state_.unleased) return "its role is fixed, or it is the lone survivor";
  if (!peer.known || now_ - peer.heard > 3 * settings_.timers.renew)
    return "the other node is not connected to it";
  if (peer.phase == NodePhase::kMaintenance) return "the other node is in maintenance";
  if (peer.phase != NodePhase::kStandby) return "the other node does not stand by in step";
  return {};
}

void Turn::on(Command command) {
  switch (command) {
    case Command::kSwitch: {
      if (state_.phase != NodePhase::kActive)
        return act(RefuseCommand{"not-active", "only the active node hands over"});
      if (const auto why = no_standby(); !why.empty()) return act(RefuseCommand{"no-standby", why});
      state_.drain = {now_ + settings_.drain_limit, false, false};
      enter(NodePhase::kDraining, "a planned switch");
      return act(StopDeliveries{});
    }
    case Command::kEnterMaintenance:
      return step_aside("an operator's word");
    case Command::kStop:
      return step_aside("this node stops");
    case Command::kLeaveMaintenance:
      if (state_.phase == NodePhase::kMaintenance) enter(NodePhase::kSyncing, "an operator's word");
      return;
  }
}

void Turn::step_aside(std::string_view why) {
  if (state_.phase == NodePhase::kMaintenance) return;
  if (serving() && !state_.drain.ended) end_serving();
  let_go(false);
  enter(NodePhase::kMaintenance, why);
  beat();
}

void Turn::on(const Disowned& event) {
  if (serving() && !state_.drain.ended) end_serving();
  let_go(false);
  act(Alarm{"terminated", event.why});
  enter(NodePhase::kTerminated, "it may not take part");
}

void Turn::run() {
  if (state_.phase == NodePhase::kTerminated) {
    state_.next_beat = now_ + settings_.timers.lease;
    return;
  }
  look_around();
  drain();
  if (state_.phase == NodePhase::kCandidate && now_ >= state_.campaign_until) abandon("no majority");
  probe();
  if (now_ < state_.next_beat) return;
  state_.next_beat = now_ + settings_.timers.renew;
  beat();
  if (state_.asking != 0 && automatic()) ask_for_votes(false);
}

void Turn::beat() {
  to_peer(PeerBeat{state_.epoch, state_.phase, state_.position});
}

void Turn::look_around() {
  if (state_.phase == NodePhase::kBootHold && now_ >= state_.voter.holds_until) {
    state_.vacant_from = std::max(state_.vacant_from, now_);
    enter(NodePhase::kSyncing, "the boot hold is over");
  }
  if (state_.phase == NodePhase::kFenced && !state_.stopping)
    enter(NodePhase::kSyncing, "nothing is served any more");
  if (state_.phase == NodePhase::kSyncing && !state_.stopping &&
      (now_ >= state_.vacant_from || !behind(state_))) {
    enter(NodePhase::kStandby, "in step with what is known");
  }
}

void Turn::drain() {
  auto& drain = state_.drain;
  if (state_.phase != NodePhase::kDraining) return;
  const auto& peer = state_.peer.position;
  if (!drain.ended && drain.empty && peer.epoch == state_.position.epoch &&
      peer.sequence + kSwitchRows >= state_.position.sequence) {
    drain.ended = true;
    end_serving();
  }
  // One that was started anew meanwhile would not take over.
  const bool stands_by = state_.peer.phase == NodePhase::kStandby;
  if (drain.ended && !state_.stopping && stands_by && peer >= state_.position) return hand_over();
  if ((stands_by && now_ < drain.until) || state_.stopping) return;
  act(Alarm{"switch-failed", stands_by ? "the standby did not catch up, or deliveries did not end, in time"
                                       : "the other node does not stand by any more"});
  act(ResumeDeliveries{});
  if (drain.ended) act(BeginServing{state_.epoch});
  enter(NodePhase::kActive, "the switch failed");
  drain = {};
}

void Turn::enter(NodePhase phase, std::string_view why) {
  act(Enter{state_.phase, phase, why});
  state_.phase = phase;
  act(ToCentral{RoleChange{state_.epoch, phase, role_of(state_)}});
}

}  // namespace fieldline::pair

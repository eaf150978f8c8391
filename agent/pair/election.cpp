#include <algorithm>

#include "agent/pair/limits.hpp"
#include "agent/pair/turn.hpp"
#include "common/base/check.hpp"

namespace fieldline::pair {

bool Turn::peer_goes_first() const {
  if (state_.peer.position != state_.position) return behind(state_);
  return !settings_.preferred;
}

bool Turn::eligible() const {
  if (state_.phase != NodePhase::kStandby || state_.stopping) return false;
  if (settings_.control == Control::kFixedStandby) return false;
  if (!automatic()) return true;
  return now_ >= turn_comes(state_, now_) && lease::is_free(state_.voter, now_);
}

// Neither of the other voters has been heard for long enough that no vote of theirs is still counted.
bool Turn::alone() const {
  return settings_.lone_survivor && now_ - state_.heard_voter >= settings_.lone_after;
}

// A vote is asked for in earnest only once another voter would give it: a campaign uses up an epoch, and
// keeps this node's vote from the peer.
void Turn::probe() {
  if (!eligible()) return;
  if (!automatic() || alone()) return campaign();
  if (now_ < state_.next_probe) return;
  state_.next_probe = now_ + settings_.timers.renew;
  ask_for_votes(true);
}

void Turn::campaign() {
  if (!lease::is_free(state_.voter, now_)) return;
  state_.campaign_until = now_ + settings_.timers.lease / 2;
  enter(NodePhase::kCandidate, "no other node is active");
  want(std::max(state_.voter.kept.epoch, state_.seen_epoch) + 1);
}

// Only once it would get a vote: before that the peer may well be active, and have what this node lacks.
void Turn::hold_back() {
  if (std::exchange(state_.held_back, true)) return;
  act(Alarm{"promotion-refused",
            behind(state_) ? "nobody is active; the other node's journal has rows that this node's has "
                             "not, and the site's setting is strict"
                           : "nobody is active; the other node was active when it was not heard, so this "
                             "one may lack what it kept, and the site's setting is strict"});
}

// Votes for itself in `epoch`; asks the others once that is durable.
void Turn::want(std::uint64_t epoch) {
  const VoteRequest request{epoch, settings_.timers.lease, 0, false};
  const auto decision = lease::ask(state_.voter, {settings_.node, request}, now_);
  const auto* keep = std::get_if<lease::Keep>(&decision);
  if (keep == nullptr) return;
  state_.wanted = epoch;
  state_.seen_epoch = std::max(state_.seen_epoch, epoch);
  act(KeepVote{keep->vote});
}

void Turn::own_vote_kept(bool done) {
  const auto wanted = std::exchange(state_.wanted, 0);
  // Its own vote lasts as long as it is a candidate or active, and no longer.
  if (done) lease::release(state_.voter, settings_.node, state_.voter.kept.epoch, now_);
  if (wanted == 0 || (state_.phase != NodePhase::kCandidate && !serving())) return;
  if (!done) {
    if (state_.phase == NodePhase::kCandidate) abandon("its own vote could not be kept");
    return;
  }
  state_.asking = wanted;
  if (state_.phase == NodePhase::kCandidate && (!automatic() || alone())) return become_active(true);
  ask_for_votes(false);
}

void Turn::ask_for_votes(bool probe) {
  auto& asked = state_.asked;
  const auto useless = now_ - lease::held(settings_.timers.lease);
  std::erase_if(asked, [&](const auto& one) { return one.sent <= useless; });
  if (asked.size() >= kAsked) asked.erase(asked.begin());
  const auto epoch = probe ? std::max(state_.voter.kept.epoch, state_.seen_epoch) + 1 : state_.asking;
  const VoteRequest request{epoch, settings_.timers.lease, ++state_.numbers, probe};
  asked.push_back({epoch, request.number, probe, now_});
  to_peer(request);
  act(ToCentral{request});
}

void Turn::granted(const State::Asked& asked) {
  if (asked.probe) {
    if (!eligible()) return;
    return settings_.strict && lacks(state_) ? hold_back() : campaign();
  }
  // Counted from when it was asked for: how long the answer took is not known.
  const auto until = asked.sent + lease::held(settings_.timers.lease);
  if (now_ >= until) return;
  state_.lease_until = std::max(state_.lease_until, until);
  if (state_.phase == NodePhase::kCandidate && asked.epoch == state_.asking) return become_active(false);
  if (!serving()) return;
  state_.unleased = state_.unleased && !automatic();
  if (asked.epoch == state_.epoch || asked.epoch != state_.asking) return;
  state_.epoch = asked.epoch;
  act(RaiseEpoch{state_.epoch});
  act(ToCentral{RoleChange{state_.epoch, state_.phase, Role::kActive}});
}

void Turn::refused(const State::Asked& asked, const VoteRefusal& refusal) {
  learn_of_service(refusal);
  state_.seen_epoch = std::max(state_.seen_epoch, refusal.kept);
  if (asked.probe) {
    if (refusal.wait > Duration::zero())
      state_.next_probe = std::min(state_.next_probe, now_ + std::max(refusal.wait, kShortestWait));
    return;
  }
  if (serving() && state_.unleased && refusal.reason == VoteReason::kServing)
    return fence("another voter serves the peer");
  // Outbid: this voter can vote for it again only in a later epoch.
  if (refusal.reason == VoteReason::kOldEpoch && refusal.kept >= state_.asking && state_.asking != 0 &&
      state_.wanted == 0) {
    want(state_.seen_epoch + 1);
  }
}

// A voter has voted for somebody else than this node, and the peer did not tell of it.
void Turn::learn_of_service(const VoteRefusal& refusal) {
  const auto& peer = state_.peer;
  if (peer.known && now_ - peer.heard <= settings_.timers.lease) return;
  const bool serves = refusal.reason == VoteReason::kServing && refusal.wait > Duration::zero();
  if (serves) state_.held_back = false;
  // A peer that died told its last beat when it asked for its last vote, or within a beat of that.
  const auto asked = now_ + refusal.wait - lease::counted(settings_.timers.lease);
  const bool later = serves && (!peer.known || asked > peer.heard + 2 * settings_.timers.renew);
  if (later || refusal.kept > state_.seen_epoch) state_.unheard = true;
}

void Turn::become_active(bool unleased) {
  state_.epoch = state_.asking;
  state_.unleased = unleased;
  state_.campaigns = 0;
  state_.held_back = false;
  state_.drain = {};
  enter(NodePhase::kActive, unleased ? "by its own vote alone" : "by a majority of the voters");
  record_window();
  state_.unheard = false;
  act(BeginServing{state_.epoch});
}

void Turn::record_window() {
  const auto& peer = state_.peer;
  const auto& own = state_.position;
  const bool lacks_known = peer.furthest > own;
  if (!lacks_known && !state_.unheard && !peer.writes) return;
  std::optional<std::uint64_t> rows;
  if (peer.known && !lacks_known) rows = 0;
  if (lacks_known && peer.furthest.epoch == own.epoch) rows = peer.furthest.sequence - own.sequence;
  std::optional<Timestamp> since;
  // What was kept while that beat was under way may be missing.
  if (state_.in_step) since = at_.utc - (now_ - *state_.in_step) - settings_.timers.renew;
  act(RecordWindow{state_.epoch, own, rows, since});
}

void Turn::abandon(std::string_view why) {
  let_go(false);
  // Two that try at the same time try again at different times.
  const auto& renew = settings_.timers.renew;
  state_.eligible_from = now_ + renew * (settings_.preferred ? 1 : 2) + renew / 4 * (state_.campaigns++ % 4);
  enter(NodePhase::kStandby, why);
}

void Turn::fence(std::string_view why) {
  if (!state_.drain.ended) end_serving();
  let_go(false);
  state_.vacant_from = state_.eligible_from = now_;
  enter(NodePhase::kFenced, why);
}

void Turn::hand_over() {
  let_go(true);
  // The peer goes first, and has the time of a whole lease for it.
  state_.vacant_from = state_.eligible_from = now_ + settings_.timers.lease;
  enter(NodePhase::kSyncing, "handed over");
}

void Turn::end_serving() {
  state_.stopping = true;
  act(EndServing{});
}

void Turn::let_go(bool handover) {
  if (state_.asking != 0) {
    to_peer(LeaseRelease{state_.asking, handover});
    act(ToCentral{LeaseRelease{state_.asking, false}});
  }
  state_.asked.clear();
  state_.asking = state_.wanted = 0;
  state_.lease_until = Instant{};
  state_.unleased = false;
  state_.drain = {};
}

}  // namespace fieldline::pair

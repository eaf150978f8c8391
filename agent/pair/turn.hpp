// One step of a node's role: handles one event, then whatever is due at that moment, and gathers the
// actions. Lives as long as the step.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "agent/pair/role.hpp"

namespace fieldline::pair {

class Turn {
 public:
  Turn(State& state, Moment at) : state_(state), settings_(state.settings), at_(at), now_(at.now) {}

  Actions take(const Event& event);

 private:
  // Events, in turn.cpp.
  void on(const Tick&) {}
  void on(const FromPeer& event);
  void on(const FromCentral& event);
  void on(const VoteKept& event);
  void on(const Reached& event);
  void on(const Drained&);
  void on(const Stopped&);
  void on(Command command);
  void on(const Disowned& event);

  // Messages of the other voters.
  void hear(const VoteRequest& request);
  void hear(const VoteGrant& grant);
  void hear(const VoteRefusal& refusal);
  void hear(const LeaseRelease& release);
  void hear(const PeerBeat& beat);
  void answer(const lease::Answer& answer);
  void meet_active(const PeerBeat& beat);
  void note_step();

  // What time brings, in turn.cpp.
  void expire();
  void watch_clocks();
  void run();
  void beat();
  void drain();
  void look_around();
  [[nodiscard]] std::string_view no_standby() const;

  // Elections and leases, in election.cpp.
  [[nodiscard]] bool eligible() const;
  [[nodiscard]] bool alone() const;
  [[nodiscard]] bool peer_goes_first() const;
  void probe();
  void hold_back();
  void campaign();
  void want(std::uint64_t epoch);
  void own_vote_kept(bool done);
  void ask_for_votes(bool probe);
  void granted(const State::Asked& asked);
  void refused(const State::Asked& asked, const VoteRefusal& refusal);
  void learn_of_service(const VoteRefusal& refusal);
  void become_active(bool unleased);
  void record_window();
  void abandon(std::string_view why);
  void step_aside(std::string_view why);
  void fence(std::string_view why);
  void hand_over();
  void end_serving();
  void let_go(bool handover);

  void enter(NodePhase phase, std::string_view why);
  [[nodiscard]] bool serving() const {
    return state_.phase == NodePhase::kActive || state_.phase == NodePhase::kDraining;
  }
  [[nodiscard]] bool automatic() const {
    return settings_.control == Control::kAutomatic && !settings_.peer.empty();
  }
  void act(Action action) { actions_.push_back(std::move(action)); }
  void to_peer(PeerMessage message) {
    if (!settings_.peer.empty()) act(ToPeer{std::move(message)});
  }

  State& state_;
  const Settings& settings_;
  const Moment at_;
  const Instant now_;
  Actions actions_;
};

// Does the peer's journal, as far as it is known, have rows that this node's has not?
[[nodiscard]] bool behind(const State& state);
// From when on this node may try to become active, as far as the peer is concerned.
[[nodiscard]] Instant turn_comes(const State& state, Instant now);

}  // namespace fieldline::pair

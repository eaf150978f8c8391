// Drives a node's role: feeds the machine with what comes from the peer, the coordinator, the disk and the
// clock, and carries out what it says, in order. Lives on the agent's loop; only the permits are asked
// elsewhere.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/pair/duties.hpp"
#include "agent/pair/peer_link.hpp"
#include "agent/pair/permit.hpp"
#include "agent/pair/role.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lease/votes.hpp"

namespace fieldline::pair {

class Pair {
 public:
  struct Surroundings {
    Executor& loop;
    lease::Votes& votes;
    Duties& duties;
    PeerLink* peer;  // null: the site has one node
    // Over the uplink; what finds no session is lost.
    std::function<void(const CentralMessage&)> to_central;
  };

  // `kept` is what `votes` holds; checked settings. All outlive it.
  Pair(Surroundings with, const Settings& settings, lease::Vote kept, const JournalPosition& position);
  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  void start();
  // The coordinator answered.
  void hear(const lease::Answer& answer) { handle(FromCentral{answer}); }
  void reach(const JournalPosition& position) { handle(Reached{position}); }
  void disown(std::string why) { handle(Disowned{std::move(why)}); }
  // kConflict: not now, and why.
  Result<> command(Command command);

  [[nodiscard]] NodePhase phase() const { return state_.phase; }
  [[nodiscard]] Role role() const { return role_of(state_); }
  [[nodiscard]] std::uint64_t epoch() const { return state_.epoch; }
  // What is left of the lease; nothing while there is none, or none is needed.
  [[nodiscard]] std::optional<Duration> lease() const;
  // What the peer said last; nothing when it has not been heard for a lease.
  [[nodiscard]] std::optional<NodePhase> peer() const;
  // Nobody is active, and by the strict setting this node does not take over.
  [[nodiscard]] bool held_back() const { return state_.held_back; }
  // Shared, for they are asked by what outlives the pair.
  [[nodiscard]] const std::shared_ptr<Permit>& may_act() const { return may_act_; }
  [[nodiscard]] const std::shared_ptr<Permit>& may_deliver() const { return may_deliver_; }

 private:
  void handle(Event event);
  void set_permits();
  void carry_out(const Action& action);
  void schedule_tick();
  // An event for later, if this is still there then.
  std::function<void()> later(Event event);

  const Surroundings with_;
  State state_;
  std::deque<Event> events_;  // what comes while another is carried out
  bool handling_ = false;
  Result<> commanded_;
  const std::shared_ptr<Permit> may_act_ = std::make_shared<Permit>();
  const std::shared_ptr<Permit> may_deliver_ = std::make_shared<Permit>();
  Executor::TimerId timer_ = 0;
  const std::shared_ptr<Pair*> self_;  // late answers to a pair that is gone find it expired
};

}  // namespace fieldline::pair

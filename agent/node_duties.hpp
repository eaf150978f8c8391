// What a node does and leaves as its role says: runs its instances or stops them, and writes each change of
// its role to the site event log. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/journal/journal.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/pair/duties.hpp"
#include "agent/replica/replica.hpp"
#include "common/base/executor.hpp"
#include "common/model/event.hpp"
#include "common/model/status.hpp"

namespace fieldline::agent {

class NodeDuties final : public pair::Duties {
 public:
  // What runs the instances.
  struct Service {
    // Runs all that is current, once `prepare` has called back; `tried` when all have been.
    std::function<void(std::function<void(std::function<void()> ready)> prepare, std::function<void()> tried)>
        begin;
    // `ended` once nothing runs any more and what it kept is on the disk.
    std::function<void(std::function<void()> ended)> end;
  };

  // All outlive it.
  NodeDuties(Executor& loop, std::function<void(Event)> events, journal::Journal& journal)
      : loop_(loop), events_(std::move(events)), journal_(journal), since_(loop.clock().utc()) {}

  // Before the pair starts; no replica where there is no peer.
  void attach(Service desk, outbox::Outbox& outbox, replica::Replica* replica) {
    desk_ = std::move(desk);
    outbox_ = &outbox;
    replica_ = replica;
  }
  // Told when all instances of an active node have been tried, and when it could not become active.
  void on_settled(std::function<void()> listener) { settled_ = std::move(listener); }

  void begin_serving(std::uint64_t epoch) override;
  void raise_epoch(std::uint64_t epoch) override;
  void end_serving(std::function<void()> ended) override;
  void stop_deliveries(std::function<void()> drained) override;
  void resume_deliveries() override;
  // Begins none; `ended` once none is under way any more, or after `patience`.
  void end_deliveries(Duration patience, std::function<void()> ended);
  void peer_drains() override;
  void record(const pair::RecordWindow& window) override;
  void alarm(std::string_view code, const std::string& message) override;
  void entered(const pair::Enter& change) override;

  // The standby has nothing of its own any more; its journal bears that name.
  void peer_is_level(const std::string& journal);

  // What it may lack of the other node's journal, since it became active.
  [[nodiscard]] const std::optional<LossWindow>& loss_window() const { return window_; }
  // When the node entered the phase that it is in.
  [[nodiscard]] Timestamp since() const { return since_; }

 private:
  void raise_journal(std::uint64_t epoch, const std::function<void()>& raised);
  void begin_passing_on();
  void take_side();
  void log(Severity severity, std::string message);

  Executor& loop_;
  const std::function<void(Event)> events_;
  journal::Journal& journal_;
  Service desk_;
  outbox::Outbox* outbox_ = nullptr;
  replica::Replica* replica_ = nullptr;
  NodePhase phase_ = NodePhase::kBootHold;
  unsigned ending_ = 0;        // ends of serving under way
  std::uint64_t service_ = 0;  // counts begins and ends: what a late answer belonged to
  std::function<void()> settled_ = [] {};
  std::optional<LossWindow> window_;
  std::string window_of_;  // the journal of which it lacks something; empty: not known
  Timestamp since_;
  std::map<std::string, Instant, std::less<>> alarmed_;  // when last, by code: there are four
};

}  // namespace fieldline::agent

// The way to one target: its messages in the order in which they were accepted, one under way at a time. It
// has a window of them in memory, the journal has them all. Lives on the agent's loop.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "agent/journal/journal.hpp"
#include "agent/outbox/life.hpp"
#include "agent/targets/courier.hpp"
#include "common/base/executor.hpp"

namespace fieldline::outbox {

class Lane {
 public:
  // What the lane stands on, and whom it tells; all outlives it.
  struct Around {
    Executor& loop;
    journal::Journal& journal;
    targets::Courier& courier;
    std::function<Patience(const std::string& target)> patience;
    std::function<bool()> may_act;
    // Of the outbox: may one more be delivered whose end is not on the disk yet?
    std::function<bool()> may_deliver{};
    std::function<void(Lane&, const journal::Waiting&, const targets::Delivered&)> delivered{};
    std::function<void(Lane&, const journal::Waiting&, const std::string& reason)> parked{};
    std::function<void(Lane&, const journal::Window::Damaged&)> damaged{};
    // An attempt failed that will be repeated; the first of a row, and the end of the row.
    std::function<void(Lane&, const std::string& reason)> struggling{};
    std::function<void(Lane&, std::int64_t attempts)> recovered{};
    // The first of an ordered target can't be delivered; nothing else goes before it is.
    std::function<void(Lane&, const journal::Waiting&, const std::string& reason)> blocked{};
    // After end(): nothing is under way any more.
    std::function<void()> rested{};
  };

  Lane(const Around& around, std::string target, const journal::LaneCount& found);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();
  // Begins nothing more; what is under way ends.
  void end();
  // The same, but what is under way is forgotten: it will be delivered again.
  void stop();
  // A message stands at `place`.
  void arrived(journal::Place place, Timestamp accepted);
  // Records of the other node have changed what stands there: when the lane starts it reads anew.
  void changed(const journal::LaneCount& change);
  // Goes on if it can.
  void advance();
  // Begins nothing until resume(); what stands after begun() is then nobody's but the caller's.
  void hold() { held_ = true; }
  void resume(journal::Place dropped_through);
  [[nodiscard]] bool is_held() const { return held_; }
  [[nodiscard]] journal::Place begun() const { return begun_; }

  [[nodiscard]] const std::string& target() const { return target_; }
  [[nodiscard]] bool is_blocked() const { return running_ && life_.blocked; }
  [[nodiscard]] bool is_delivering() const { return life_.stage == Stage::kDelivering; }
  // A delivery is under way, or the disk is told what came of one.
  [[nodiscard]] bool is_busy() const { return is_delivering() || parking_; }
  // When the first that waits was accepted, as far as it is known; the epoch: nothing waits.
  [[nodiscard]] Timestamp oldest() const;

 private:
  void forget();
  void read();
  void read_anew();
  void take(Result<journal::Window> window, journal::Place newest);
  void begin();
  void settle(targets::Outcome outcome);
  void apply(const Step& step, const targets::Delivered& delivered);
  void park();
  void after_parking(const Result<journal::Place>& parked);
  void tell_if_rested();
  void next();
  void forget_dropped();
  void wait(Duration duration);

  const Around& around_;
  const std::string target_;
  std::deque<journal::Waiting> window_;  // the first is the one whose life this is
  Life life_;
  journal::Place read_through_ = 0;
  journal::Place begun_ = 0;
  journal::Place newest_ = 0;
  journal::Place dropped_through_ = 0;
  Timestamp oldest_{};  // of what is not in the window
  bool running_ = false;
  bool reading_ = false;
  bool parking_ = false;
  bool held_ = false;
  bool stale_ = false;         // what was read may not be so any more
  std::uint64_t view_ = 0;     // an answer to an older one says nothing
  std::uint64_t reads_ = 0;    // an answer to another one than the last is too late
  std::uint64_t attempt_ = 0;  // an answer to another one is too late
  Executor::TimerId timer_ = 0;
  std::shared_ptr<Lane*> self_;
};

}  // namespace fieldline::outbox

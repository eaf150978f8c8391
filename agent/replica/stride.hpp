// One step of the follower: what an event changes, and what is to be done. Lives for that step.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/replica/follower.hpp"

namespace fieldline::replica {

class Stride {
 public:
  Stride(State& state, Instant now, const Reach& followed) : state_(state), now_(now) {
    state_.reached = followed.place > 0 ? followed : Reach{};
  }

  Actions take(Event event);

 private:
  void on(const Follow& event);
  void on(const Rest& event);
  void on(Streamed& event);
  void on(Paged& event);
  void on(const Written& event);
  void on(Unshared& event);
  void on(Answered& event);
  void on(const Resolved& event);
  void on(const Hurry& event);
  void on(const Tick& event);

  bool is_of_now(const Reach& reach);
  void meet(const Reach& reach);
  void take_set_back();
  [[nodiscard]] bool is_applying(const std::string& journal) const;
  void push(Portion portion);
  void forget_live();

  void begin_resync(bool snapshot);
  void ask_anew();
  void ask(Place after);
  void write_failed();
  void realign();
  [[nodiscard]] bool is_aligned() const;
  void snapshot_begun();
  void applied();
  void finish_resync();
  void come_in_line();

  void run();
  void write();
  void apply_page();
  void drop_known();
  void apply_live();
  void apply(const Reach& reach, std::vector<journal::Record> records);

  void offer();
  void end_offer();
  void ack();

  template <class T>
  void act(T action) {
    actions_.push_back(std::move(action));
  }

  State& state_;
  const Instant now_;
  Actions actions_;
};

}  // namespace fieldline::replica

// What must be on the disk after a cut: the state that was answered last, or one of those asked for after
// it, in their order. A plain value.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

namespace fieldline::powerloss {

template <class State>
class Expected {
 public:
  explicit Expected(State first = {}) : states_{std::move(first)} {}

  [[nodiscard]] const State& answered() const { return states_.front(); }
  // Once all that was asked for is done.
  [[nodiscard]] const State& latest() const { return states_.back(); }

  void ask(State next) { states_.push_back(std::move(next)); }
  // The first that waits is on the disk.
  void answer() { states_.pop_front(); }

  // Is `found` one of them? From then on it is the only one.
  [[nodiscard]] bool settle(const State& found) {
    for (const auto& state : states_) {
      if (!(state == found)) continue;
      states_ = {State(found)};
      return true;
    }
    return false;
  }

 private:
  std::deque<State> states_;
};

}  // namespace fieldline::powerloss

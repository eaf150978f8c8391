// Tasks waiting for their instant, in order of time, then of adding. A plain value.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/base/executor.hpp"

namespace fieldline::net {

class TimerQueue {
 public:
  void add(Executor::TimerId id, Instant due, Task task);
  void cancel(Executor::TimerId id);
  // The first task due at `now`, taken out; empty when there is none.
  [[nodiscard]] std::optional<Task> take_due(Instant now);
  [[nodiscard]] std::optional<Instant> next_due() const;

 private:
  std::map<std::pair<Instant, Executor::TimerId>, Task> tasks_;
  std::unordered_map<Executor::TimerId, Instant> due_;
};

}  // namespace fieldline::net

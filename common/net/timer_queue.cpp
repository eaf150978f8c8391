#include "common/net/timer_queue.hpp"

namespace fieldline::net {

void TimerQueue::add(Executor::TimerId id, Instant due, Task task) {
  tasks_.emplace(std::pair(due, id), std::move(task));
  due_.emplace(id, due);
}

void TimerQueue::cancel(Executor::TimerId id) {
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  tasks_.erase({found->second, id});
  due_.erase(found);
}

std::optional<Task> TimerQueue::take_due(Instant now) {
  if (tasks_.empty() || tasks_.begin()->first.first > now) return std::nullopt;
  auto first = tasks_.extract(tasks_.begin());
  due_.erase(first.key().second);
  return std::move(first.mapped());
}

std::optional<Instant> TimerQueue::next_due() const {
  if (tasks_.empty()) return std::nullopt;
  return tasks_.begin()->first.first;
}

}  // namespace fieldline::net

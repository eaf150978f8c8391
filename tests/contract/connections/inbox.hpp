// An executor that the test's own thread runs: callbacks happen only while the test waits for
// something, so a test reads what they left without a lock.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/executor.hpp"

namespace fieldline::connections {

class Inbox final : public Executor {
 public:
  void post(Task task) override { after(Duration::zero(), std::move(task)); }

  TimerId after(Duration delay, Task task) override {
    const std::lock_guard lock(mutex_);
    const auto id = ++last_id_;
    tasks_.emplace(std::pair(clock_.now() + delay, id), std::move(task));
    changed_.notify_one();
    return id;
  }

  void cancel(TimerId timer) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(tasks_, [&](const auto& entry) { return entry.first.second == timer; });
  }

  [[nodiscard]] bool here() const override { return std::this_thread::get_id() == thread_; }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

  // Runs tasks until `done` holds (true) or `limit` has passed (false). Looks at `done` after every
  // task, and every few milliseconds, for conditions that no task brings about.
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(30)) {
    const auto end = clock_.now() + limit;
    while (!done()) {
      const auto now = clock_.now();
      if (now >= end) return false;
      if (auto task = next(std::min(end, now + std::chrono::milliseconds(5)))) task();
    }
    return true;
  }

  void run_for(Duration span) {
    static_cast<void>(run_until([] { return false; }, span));
  }

 private:
  // The first task that is due before `end`, waiting for it; empty when none is.
  Task next(Instant end) {
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto now = clock_.now();
      if (!tasks_.empty() && tasks_.begin()->first.first <= now) {
        return std::move(tasks_.extract(tasks_.begin()).mapped());
      }
      if (now >= end) return {};
      const auto wake = tasks_.empty() ? end : std::min(end, tasks_.begin()->first.first);
      changed_.wait_for(lock, wake - now);
    }
  }

  const std::thread::id thread_ = std::this_thread::get_id();
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<Instant, TimerId>, Task> tasks_;
  TimerId last_id_ = 0;
};

}  // namespace fieldline::connections

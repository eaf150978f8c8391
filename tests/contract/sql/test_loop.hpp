// A loop that runs on the test's thread until a condition holds. Tasks come from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "common/base/executor.hpp"

namespace fieldline::sql {

class TestLoop final : public Executor {
 public:
  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ready_.notify_one();
  }
  TimerId after(Duration /*delay*/, Task /*task*/) override { return 0; }
  void cancel(TimerId /*timer*/) override {}
  [[nodiscard]] bool here() const override { return true; }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

  // False after a minute.
  [[nodiscard]] bool run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!done()) {
      std::unique_lock lock(mutex_);
      if (!ready_.wait_until(lock, deadline, [this] { return !tasks_.empty(); })) return false;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Task> tasks_;
  SystemClock clock_;
};

}  // namespace fieldline::sql

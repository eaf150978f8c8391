// Where blocking or long work goes, so that no loop waits for it: tasks run off the loop and
// answer by posting back to their owner's executor.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "common/base/bounded_queue.hpp"
#include "common/base/executor.hpp"

namespace fieldline {

class Worker {
 public:
  virtual ~Worker() = default;
  // False when as many tasks wait as the worker takes: the caller answers `exhausted`. Any thread.
  [[nodiscard]] virtual bool try_post(Task task) = 0;
};

// Threads with a shared bounded queue; one thread keeps tasks in order.
class ThreadWorker final : public Worker {
 public:
  // `name` is shown by ps and in stack traces; the kernel cuts it at 15 bytes.
  ThreadWorker(std::string name, std::size_t threads, std::size_t capacity);
  ~ThreadWorker() override;
  [[nodiscard]] bool try_post(Task task) override;
  // Runs what waits and ends the threads; nothing is taken any more. Idempotent; the destructor does it
  // too, for who has nothing to take down before that.
  void finish();

 private:
  BoundedQueue<Task> queue_;
  std::vector<std::thread> threads_;
};

// Names the calling thread.
void name_thread(const std::string& name);

}  // namespace fieldline

// A daemon's loop: one thread that runs tasks, timers and all ZeroMQ sockets, and so owns the
// daemon's state. Owns the ZeroMQ context: destroy every socket before its loop.
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/base/executor.hpp"
#include "common/net/limits.hpp"
#include "common/net/timer_queue.hpp"

namespace zmq {
class context_t;
}

namespace fieldline::net {

// A file descriptor that the kernel closes with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

class Loop final : public Executor {
 public:
  struct Options {
    int io_threads = 1;             // of libzmq, which also encrypt
    int max_sockets = kMaxSockets;  // open at once
  };

  // Something with a descriptor whose edges wake the loop.
  class Source {
   public:
    virtual ~Source() = default;
    // Takes what is there, a bounded amount of it; true when more may be left for another turn.
    virtual bool take_turn() = 0;

   private:
    friend class Loop;
    std::uint64_t watch_ = 0;
  };

  Loop() : Loop(Options{}) {}
  explicit Loop(Options options);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // The calling thread is the loop until stop(), even when stop() came first.
  void run();
  // The same until `done` holds (true), `limit` has passed, or stop() (false).
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);
  // Any thread, any signal handler.
  void stop();
  // After stop(): the loop can be run once more, to end what is under way.
  void resume() { stopping_ = false; }
  // SIGTERM and SIGINT stop the loop. Call it before other threads start, so that they inherit the
  // blocked signals; the destructor gives both their old effect back.
  void stop_on_signals();

  void post(Task task) override;
  TimerId after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  [[nodiscard]] bool here() const override;
  [[nodiscard]] const Clock& clock() const override { return clock_; }
  // here(), or the loop is at rest: whoever builds or takes down what lives on it.
  [[nodiscard]] bool may_touch() const;

  void watch(Source& source, int fd);
  void unwatch(Source& source, int fd);
  // Gives `source` a turn soon, as after a send: that may have swallowed the edge of a receive.
  void touch(Source& source);
  [[nodiscard]] zmq::context_t& context() { return *context_; }

 private:
  struct Watch {
    Source* source;
    bool ready;
  };

  void turn(Duration longest_sleep);
  void run_posted();
  void run_due();
  void serve_ready();
  void mark_ready(std::uint64_t watch);
  void sleep(Duration longest);
  void take_signals();
  [[nodiscard]] Duration time_to_next(Duration longest);
  void wake();

  const SystemClock clock_;
  const std::unique_ptr<zmq::context_t> context_;
  const Descriptor epoll_;
  const Descriptor wake_;
  std::unique_ptr<Descriptor> signals_;
  sigset_t mask_before_{};
  std::atomic<bool> stopping_ = false;
  std::atomic<std::thread::id> thread_;

  std::mutex mutex_;  // guards the three below
  std::vector<Task> posted_;
  TimerQueue timers_;
  TimerId last_timer_ = 0;

  std::unordered_map<std::uint64_t, Watch> watches_;
  std::vector<std::uint64_t> ready_;
  std::uint64_t last_watch_;
};

}  // namespace fieldline::net

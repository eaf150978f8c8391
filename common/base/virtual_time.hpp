// A world on one thread with its own clock: time passes only when nothing is left to do at the
// present instant, then jumps to the next timer. Whole sites run in it, the same way every time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"

namespace fieldline {

class VirtualTime final {
 public:
  explicit VirtualTime(Timestamp start = Timestamp(std::chrono::seconds(1'800'000'000)));
  ~VirtualTime();
  VirtualTime(const VirtualTime&) = delete;
  VirtualTime& operator=(const VirtualTime&) = delete;

  [[nodiscard]] const Clock& clock() const { return clock_; }

  // An executor of this world; all of them interleave on the one thread, in order of time.
  std::unique_ptr<Executor> executor();
  // A worker of this world: its tasks run on a turn of their own.
  std::unique_ptr<Worker> worker();

  // Runs all that is due within `span`, then sets the clock to its end.
  void run_for(Duration span);
  // Runs until `done` holds (true) or `limit` has passed (false).
  [[nodiscard]] bool run_until(const std::function<bool()>& done, Duration limit);

 private:
  friend class VirtualExecutor;
  struct Entry {
    const void* owner;
    Task task;
  };
  using Key = std::pair<Instant, std::uint64_t>;

  class VirtualClock final : public Clock {
   public:
    [[nodiscard]] Instant now() const override { return now_; }
    [[nodiscard]] Timestamp utc() const override { return start_ + now_.time_since_epoch(); }
    Instant now_{};
    Timestamp start_{};
  };

  std::uint64_t schedule(const void* owner, Duration delay, Task task);
  void cancel(std::uint64_t id);
  void drop(const void* owner);
  bool step(Instant until);

  VirtualClock clock_;
  std::uint64_t next_id_ = 1;
  std::map<Key, Entry> due_;
  std::unordered_map<std::uint64_t, Instant> when_;
  const void* running_ = nullptr;
};

}  // namespace fieldline

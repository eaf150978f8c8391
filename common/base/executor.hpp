// A place where tasks run one after the other: a daemon's loop, an instance's strand, a worker.
// Code that owns state names its executor and touches the state nowhere else.
#pragma once

#include <cstdint>
#include <functional>

#include "common/base/time.hpp"

namespace fieldline {

using Task = std::function<void()>;

class Executor {
 public:
  // 0 names no timer.
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;

  // Runs `task` here, after all that was posted before. Any thread; never blocks, never runs inline.
  virtual void post(Task task) = 0;
  // Runs `task` here once `delay` has passed. Any thread.
  virtual TimerId after(Duration delay, Task task) = 0;
  // The task will not run from now on. Only from this executor; an id that has fired is ignored.
  virtual void cancel(TimerId timer) = 0;
  // Is the caller running on this executor? For debug checks.
  [[nodiscard]] virtual bool here() const = 0;
  [[nodiscard]] virtual const Clock& clock() const = 0;
};

}  // namespace fieldline

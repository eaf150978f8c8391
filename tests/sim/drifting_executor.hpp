// An executor whose clock runs at a rate of its own.
#pragma once

#include <memory>
#include <utility>

#include "common/base/executor.hpp"

namespace fieldline::sim {

class DriftingExecutor final : public Executor {
 public:
  DriftingExecutor(std::unique_ptr<Executor> inner, double rate)
      : inner_(std::move(inner)), clock_(inner_->clock(), rate) {}

  void post(Task task) override { inner_->post(std::move(task)); }
  TimerId after(Duration delay, Task task) override {
    // Rounded up: a timer that fires early by this clock would be set again for ever.
    const auto real = static_cast<double>(delay.count()) / clock_.rate;
    return inner_->after(Duration(static_cast<std::int64_t>(real) + (delay > Duration::zero() ? 1 : 0)),
                         std::move(task));
  }
  void cancel(TimerId timer) override { inner_->cancel(timer); }
  [[nodiscard]] bool here() const override { return inner_->here(); }
  [[nodiscard]] const Clock& clock() const override { return clock_; }

 private:
  struct DriftingClock final : Clock {
    DriftingClock(const Clock& is, double runs_at) : real(is), rate(runs_at) {}
    [[nodiscard]] Instant now() const override {
      const auto passed = static_cast<double>(real.now().time_since_epoch().count());
      return Instant(Duration(static_cast<std::int64_t>(passed * rate)));
    }
    [[nodiscard]] Timestamp utc() const override { return real.utc(); }
    const Clock& real;
    const double rate;
  };

  const std::unique_ptr<Executor> inner_;
  const DriftingClock clock_;
};

}  // namespace fieldline::sim

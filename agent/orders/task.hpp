// An order about one instance: apply or hold, disable or enable, delete or drop.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "agent/orders/errand.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"

namespace fieldline::orders {

class Task final : public Errand {
 public:
  // `current` outlives the task's last callback.
  Task(const Surroundings& surroundings, Current& current, uplink::ReceivedOrder received)
      : Errand(surroundings, std::move(received)), current_(current) {}

  [[nodiscard]] bool as_active() const override { return runs_instances_; }

 private:
  using Compiled = runtime::Compiled;

  void begin() override;
  void arrived(std::string bytes) override;
  [[nodiscard]] Report report(Stage stage) const override;
  // A candidate, if there is one, goes.
  void close(const Report& outcome, std::function<void(Result<>)> end) override;

  void compile(FlatConfig config);
  void swap(Compiled compiled);
  void make_current(Compiled compiled);
  void swap_back(const Error& error);
  void switch_on_or_off();
  void forget();

  [[nodiscard]] Result<> check_artifacts(const FlatConfig& config) const;
  [[nodiscard]] Report success() const;
  template <class Step>
  auto then(Step step) {
    return then_on(*this, std::move(step));
  }

  Current& current_;
  bool staged_ = false;
  bool runs_instances_ = false;  // as it began: a node whose role changes meanwhile stops what runs
};

}  // namespace fieldline::orders

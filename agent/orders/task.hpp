// One order on its way through the node, from its arrival to its report. Lives on the agent's loop;
// the callbacks it waits for keep it alive.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/orders/download.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"

namespace fieldline::orders {

class Task : public std::enable_shared_from_this<Task> {
 public:
  using Done = std::function<void(const Report&)>;

  // `surroundings` and `running` outlive the task's last callback.
  Task(const Surroundings& surroundings, Running& running, uplink::ReceivedOrder received);

  // Once. `done` gets the report when it is durable, or when the disk refuses it.
  void run(Done done);
  void take(const Piece& piece, std::string_view bytes);

  [[nodiscard]] const Order& order() const { return received_.order; }
  [[nodiscard]] std::uint64_t correlation() const { return received_.correlation; }

 private:
  using Compiled = runtime::Compiled;

  void fetch();
  void verify(std::string bytes);
  void compile(FlatConfig config);
  void swap(Compiled compiled);
  void make_current(Compiled compiled);
  void swap_back(const Error& error);
  void switch_on_or_off();
  void forget();

  [[nodiscard]] bool runs_instances() const { return around_.role == Role::kActive; }
  [[nodiscard]] bool out_of_budget(Duration reserve) const;
  // The state of the instance as it is now, as a report that has still to say how the order ended.
  [[nodiscard]] Report report(Stage stage) const;
  [[nodiscard]] Report success() const;
  // The order ends at `stage`; a candidate, if there is one, goes.
  void give_up(Stage stage, std::string reason, std::string message,
               const std::vector<Finding>& findings = {});
  void give_up(Stage stage, const Error& error);
  // Continues on this task whatever became of the desk meanwhile.
  template <class Step>
  auto then(Step step);

  const Surroundings& around_;
  Running& running_;
  const uplink::ReceivedOrder received_;
  const Instant arrived_;
  Done done_;
  std::optional<Download> download_;
  bool staged_ = false;
};

}  // namespace fieldline::orders

// One order on its way through the node, from its arrival to its report: how its bytes come together,
// its budget, its end. What is done with them is for the kinds of it. Lives on the agent's loop; the
// callbacks it waits for keep it alive.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/orders/download.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"

namespace fieldline::orders {

class Errand : public std::enable_shared_from_this<Errand> {
 public:
  using Done = std::function<void(const Report&)>;

  // `surroundings` outlive the errand's last callback.
  Errand(const Surroundings& surroundings, uplink::ReceivedOrder received);
  virtual ~Errand() = default;
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  // Once. `done` gets the report when it is durable, or when the disk refuses it.
  void run(Done done);
  void take(const Piece& piece, std::string_view bytes);
  // In place of `run`.
  void turn_down(std::string reason, std::string message, Done done);
  // The node's role changes: an order that waits for its bytes ends, for what it brings may not fit any more.
  void stop_waiting();

  // Is what it does that of an active node, which it reports only while its lease lasts?
  [[nodiscard]] virtual bool as_active() const { return false; }

  [[nodiscard]] const Order& order() const { return received_.order; }
  [[nodiscard]] std::uint64_t correlation() const { return received_.correlation; }

 protected:
  virtual void begin() = 0;
  // All that the order brings, unchecked.
  virtual void arrived(std::string bytes) = 0;
  // What is current now, as a report that has still to say how the order ended.
  [[nodiscard]] virtual Report report(Stage stage) const = 0;
  // Makes a failure durable.
  virtual void close(const Report& outcome, std::function<void(Result<>)> end);

  // Calls arrived() with the attachment, or with what was fetched; at most `limit` bytes of it.
  void gather(std::size_t limit);
  [[nodiscard]] bool out_of_budget() const;
  void finish(const Report& outcome) { done_(outcome); }
  // The order ends at `stage` and has changed nothing.
  void give_up(Stage stage, std::string reason, std::string message,
               const std::vector<Finding>& findings = {});
  void give_up(Stage stage, const Error& error);
  // Continues on `self` whatever became of the desk meanwhile.
  template <class Self, class Step>
  static auto then_on(Self& self, Step step) {
    return [held = std::static_pointer_cast<Self>(self.shared_from_this()), step = std::move(step)](
               auto&&... outcome) { step(*held, std::forward<decltype(outcome)>(outcome)...); };
  }

  const Surroundings& around_;

 private:
  void fetch();

  const uplink::ReceivedOrder received_;
  const Instant arrived_;
  Done done_;
  std::optional<Download> download_;
};

}  // namespace fieldline::orders

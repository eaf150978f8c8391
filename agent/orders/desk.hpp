// Carries out the coordinator's orders, one at a time for each instance:
//
//   accepted ── fetch ──► candidate stored ── compile ──► swap ──► current stored ──► report
//
// A step that fails leaves what ran before running, untouched. Lives on the agent's loop.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/orders/fence.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"

namespace fieldline::orders {

class Task;

class Desk {
 public:
  explicit Desk(Surroundings surroundings);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // Runs what is current, at an active node, before the first order is taken. `done` comes when all
  // have been tried; one that can't be run is logged and stays as it is.
  void start(std::function<void()> done);

  void take(uplink::ReceivedOrder received);
  void take(const Piece& piece, std::string_view bytes);

 private:
  using Queue = std::deque<std::shared_ptr<Task>>;

  void admit(uplink::ReceivedOrder received);
  void run_front(const std::string& instance);
  void finish(const std::string& instance, const Report& report);
  void refuse(const uplink::ReceivedOrder& received, const Refusal& refusal);
  [[nodiscard]] Task* under_way(const std::string& deployment) const;
  [[nodiscard]] std::size_t count() const;

  void resume(std::shared_ptr<const Inventory> current, std::size_t next, std::function<void()> done);
  void resume(const std::string& instance, std::function<void(Result<>)> done);

  const Surroundings around_;
  Running running_;
  std::map<std::string, Queue> queues_;  // by instance; the front one is under way
  std::shared_ptr<Desk*> self_;          // late answers to a desk that is gone find it empty
};

}  // namespace fieldline::orders

// Carries out the coordinator's orders, one at a time for each instance:
//
//   accepted ── fetch ──► candidate stored ── compile ──► swap ──► current stored ──► report
//
// A step that fails leaves what ran before running, untouched. Artifacts change while no other order is
// carried out. Lives on the agent's loop.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/orders/fence.hpp"
#include "agent/orders/surroundings.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/model/order.hpp"

namespace fieldline::orders {

class Errand;

class Desk {
 public:
  explicit Desk(Surroundings surroundings);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // Reads what is current, before the first order is taken; a node begins as a standby.
  void start(std::function<void()> done);
  // From now on orders for the active node are taken. Once `prepare` has called back, which it always does,
  // all that is current runs. `done` comes when all have been tried; one that can't be run is logged and
  // stays as it is.
  using Prepare = std::function<void(std::function<void()> ready)>;
  void serve(Prepare prepare, std::function<void()> done);
  // The opposite: `done` once nothing runs any more and what it kept is on the disk.
  void stand_by(std::function<void()> done);

  void take(uplink::ReceivedOrder received);
  void take(const Piece& piece, std::string_view bytes);

 private:
  using Queue = std::deque<std::shared_ptr<Errand>>;

  void admit(uplink::ReceivedOrder received);
  void run_front(const std::string& instance);
  void finish(const std::string& instance, const Report& report);
  void run_next(const std::string& instance);
  void refuse(const uplink::ReceivedOrder& received, const Refusal& refusal);
  [[nodiscard]] Errand* under_way(const std::string& deployment) const;
  [[nodiscard]] std::size_t count() const;

  // Of the artifacts, or of a change of role: waits to be alone, and begins nothing that would keep it
  // waiting.
  void run_alone(std::function<void()> task);
  void begin_alone();
  void stop_waiting();
  void end_alone();

  using Instances = std::shared_ptr<const std::vector<std::string>>;
  void resume(const Instances& instances, std::size_t next, std::function<void()> done);
  void resume(const std::string& instance, std::function<void(Result<>)> done);
  void run_stored(const store::StoredConfiguration& stored, const std::function<void(Result<>)>& done);
  [[nodiscard]] Instances all() const;
  // Those that lacked a shared script until now.
  void resume_stranded(std::function<void()> done);

  const Surroundings around_;
  Current current_;
  std::map<std::string, Queue> queues_;  // by instance, of artifacts by no name; the front one is under way
  std::size_t begun_ = 0;                // of instances
  std::deque<std::function<void()>> wait_alone_;  // until none of them is under way
  bool alone_ = false;
  bool artifacts_alone_ = false;
  bool started_ = false;
  std::vector<std::string> held_back_;  // instances whose front order begins after that
  std::shared_ptr<Desk*> self_;         // late answers to a desk that is gone find it empty
};

}  // namespace fieldline::orders

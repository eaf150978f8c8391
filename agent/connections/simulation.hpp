// The world behind a simulator connection: its memory cells, who reads what, and the beat at which
// signals are computed. Guarded by one mutex; the beat runs on the registry's loop.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/connections/feed.hpp"
#include "common/base/executor.hpp"
#include "common/model/simulator_address.hpp"

namespace fieldline::connections {

struct SimulatedPoint {
  std::size_t index = 0;  // in the feed
  DataType type = DataType::kFloat;
  SimulatorAddress address;
};

struct SimulatorSubscriber {
  std::shared_ptr<Feed> feed;
  std::vector<SimulatedPoint> points;
};

// The value of a sine, ramp or square wave at a moment.
double wave(const SimulatorAddress& address, Timestamp at);

class Simulation : public std::enable_shared_from_this<Simulation> {
 public:
  Simulation(Duration poll, Executor& loop);

  // Starts the beat; it ends when the last owner of this lets go.
  void start();
  void join(std::shared_ptr<const SimulatorSubscriber> subscriber);
  void leave(const std::shared_ptr<const SimulatorSubscriber>& subscriber);
  // Every reader of the cell sees the value at once. kExhausted at kMemoryCells cells.
  Result<> store(const std::string& cell, Value value);

 private:
  void beat();
  void show_all(const SimulatorSubscriber& subscriber) const;
  void show(Feed& feed, const SimulatedPoint& point) const;
  [[nodiscard]] Result<Value> read(const SimulatedPoint& point, Timestamp now) const;

  const Duration poll_;
  Executor& loop_;
  std::mutex mutex_;
  std::map<std::string, Value> cells_;
  std::vector<std::shared_ptr<const SimulatorSubscriber>> subscribers_;
  Instant refreshed_{};
};

}  // namespace fieldline::connections

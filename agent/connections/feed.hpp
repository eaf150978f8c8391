// The newest sample of each point of one subscription, on its way to the subscriber. At most one
// delivery is under way, so a subscriber that stalls costs one sample per point and no more.
// The device's side updates from any thread; the sink runs on the subscriber's executor.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/connections/connection.hpp"

namespace fieldline::connections {

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  // Every point starts as Bad_WaitingForInitialData and is part of the first batch.
  Feed(const std::vector<Point>& points, Executor& executor, Sink sink);

  // `index` counts in the order of the points given.
  void good(std::size_t index, Value value, Timestamp now);
  // The last value and its source time are kept.
  void bad(std::size_t index, Quality quality, Timestamp now);
  // Makes every point part of the next batch.
  void touch_all();
  // Posts what changed, unless a delivery is under way that will take it along.
  void flush();
  // Posts the answer of a write.
  void answer(Written done, Result<> result);

  // Nothing is posted to the executor once this returns; what is posted already does nothing.
  void close();

 private:
  struct Slot {
    PointSample point;
    bool changed = true;
  };

  void deliver();
  [[nodiscard]] bool is_closed() const;

  Executor& executor_;
  const Sink sink_;
  mutable std::mutex mutex_;
  std::vector<Slot> slots_;
  bool changed_ = true;
  bool posted_ = false;
  bool closed_ = false;
};

}  // namespace fieldline::connections

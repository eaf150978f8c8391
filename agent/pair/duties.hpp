// What a node does and leaves as its role says; the pair calls it, on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/pair/role.hpp"

namespace fieldline::pair {

class Duties {
 public:
  virtual ~Duties() = default;
  virtual void begin_serving(std::uint64_t epoch) = 0;
  // The same service, in a later epoch.
  virtual void raise_epoch(std::uint64_t epoch) = 0;
  // `ended` once nothing is served any more and all that it wrote is in the journal.
  virtual void end_serving(std::function<void()> ended) = 0;
  // `drained` once no delivery is in flight.
  virtual void stop_deliveries(std::function<void()> drained) = 0;
  virtual void resume_deliveries() = 0;
  // The peer hands over, and waits for what this node says of its journal; before that is said.
  virtual void peer_drains() = 0;
  virtual void record(const RecordWindow& window) = 0;
  virtual void alarm(std::string_view code, const std::string& message) = 0;
  virtual void entered(const Enter& change) = 0;
};

}  // namespace fieldline::pair

// A field device of formulas: signals that are functions of UTC alone, so both nodes of a pair and
// every run of a simulation see the same, and memory cells that hold what was written. No thread of
// its own: it computes on the registry's loop, in real or virtual time. Any thread.
#pragma once

#include <memory>
#include <vector>

#include "agent/connections/connection.hpp"
#include "agent/connections/link_state.hpp"
#include "common/base/executor.hpp"
#include "common/model/connection_options.hpp"

namespace fieldline::connections {

class Simulation;

class Simulator final : public FieldConnection {
 public:
  // `loop` outlives this.
  Simulator(const SimulatorOptions& options, Executor& loop, std::unique_ptr<LinkState> state,
            MayWrite may_write);

  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::vector<Point> points, Executor& executor,
                                                        Sink sink) override;
  [[nodiscard]] ConnectionHealth state() const override;

 private:
  const std::unique_ptr<LinkState> state_;
  const MayWrite may_write_;
  const std::shared_ptr<Simulation> simulation_;  // subscriptions may outlive this
};

}  // namespace fieldline::connections

// The field connections that instances of this node share. A connection is known by its whole
// definition, so an instance keeps the one it was deployed with while a redeployed neighbour already
// uses the new one of the same name; it closes when the last instance lets go. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "agent/connections/connection.hpp"
#include "agent/connections/link_state.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::connections {

class Connections {
 public:
  // Called on `loop` whenever a connection comes up, goes down or fails in another way.
  using Listener = LinkListener;

  // `loop` reports states and runs the simulator; it outlives this and every connection given out.
  Connections(
      Executor& loop, Random random, Listener listener, MayWrite may_write = [] { return true; });

  // The connection of this definition, started if nobody uses it yet. Fails only when the definition
  // is wrong: an unreachable device is a state, not an error.
  Result<std::shared_ptr<FieldConnection>> open(const Connection& definition);

  // Those in use, by name. A name appears twice while instances of two deployments hold two definitions.
  [[nodiscard]] std::vector<ConnectionHealth> health() const;

 private:
  struct Open {
    Connection definition;
    std::weak_ptr<FieldConnection> connection;
  };

  Result<std::shared_ptr<FieldConnection>> start(const Connection& definition);

  Executor& loop_;
  const std::shared_ptr<const Listener> listener_;
  const MayWrite may_write_;
  mutable std::mutex mutex_;
  Random random_;
  std::vector<Open> open_;
};

}  // namespace fieldline::connections

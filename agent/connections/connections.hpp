// The field connections that instances of this node share. A connection is known by its name and
// the hash of its definition, so an instance keeps the one it was deployed with while a redeployed
// neighbour already uses the new one; it closes when the last instance lets go. Any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/connections/connection.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::connections {

class Connections {
 public:
  // Called on `loop` whenever a connection comes up, goes down or fails in another way.
  using Listener = std::function<void(const ConnectionHealth& state)>;

  // `loop` reports states and runs the simulator; it outlives this and every connection given out.
  Connections(Executor& loop, Random random, Listener listener);

  // The connection of this definition, started if nobody uses it yet. Fails only when the definition
  // is wrong: an unreachable device is a state, not an error.
  Result<std::shared_ptr<FieldConnection>> open(const Connection& definition);

  // Those in use, by name. A name appears twice while instances of two deployments hold two definitions.
  [[nodiscard]] std::vector<ConnectionHealth> health() const;

 private:
  using Key = std::pair<std::string, std::string>;  // name, hash of the definition

  Result<std::shared_ptr<FieldConnection>> start(const Connection& definition);

  Executor& loop_;
  const std::shared_ptr<const Listener> listener_;
  mutable std::mutex mutex_;
  Random random_;
  std::map<Key, std::weak_ptr<FieldConnection>> open_;
};

}  // namespace fieldline::connections

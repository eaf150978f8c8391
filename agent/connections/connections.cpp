#include "agent/connections/connections.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "agent/connections/modbus_tcp.hpp"
#include "agent/connections/simulator.hpp"
#include "common/base/check.hpp"
#include "common/model/connection_options.hpp"

namespace fieldline::connections {

Error not_allowed_to_write() {
  return {ErrorCode::kUnavailable, "this node is not the active one of its site", {}, {}};
}

Connections::Connections(Executor& loop, Random random, Listener listener, MayWrite may_write)
    : loop_(loop),
      listener_(std::make_shared<const Listener>(std::move(listener))),
      may_write_(std::move(may_write)),
      random_(std::move(random)) {}

Result<std::shared_ptr<FieldConnection>> Connections::open(const Connection& definition) {
  const std::lock_guard lock(mutex_);
  std::erase_if(open_, [](const Open& open) { return open.connection.expired(); });
  for (const auto& open : open_) {
    if (open.definition != definition) continue;
    if (auto connection = open.connection.lock()) return connection;
  }
  auto connection = start(definition);
  if (connection) open_.push_back({definition, *connection});
  return connection;
}

Result<std::shared_ptr<FieldConnection>> Connections::start(const Connection& definition) {
  auto state = std::make_unique<LinkState>(definition.name, loop_, listener_);
  switch (definition.protocol) {
    case Protocol::kModbusTcp: {
      auto options = modbus_tcp_options(definition);
      if (!options) return fail(std::move(options.error()));
      const Random random(random_.below(std::numeric_limits<std::uint64_t>::max()));
      return std::make_shared<ModbusTcp>(definition.name, *options, loop_.clock(), random, std::move(state),
                                         may_write_);
    }
    case Protocol::kSimulator: {
      auto options = simulator_options(definition);
      if (!options) return fail(std::move(options.error()));
      return std::make_shared<Simulator>(*options, loop_, std::move(state), may_write_);
    }
  }
  FIELDLINE_UNREACHABLE();
}

std::vector<ConnectionHealth> Connections::health() const {
  std::vector<ConnectionHealth> health;
  std::vector<std::shared_ptr<FieldConnection>> alive;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& open : open_) {
      if (auto connection = open.connection.lock()) alive.push_back(std::move(connection));
    }
  }
  for (const auto& connection : alive) health.push_back(connection->state());
  std::sort(health.begin(), health.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return health;
}

}  // namespace fieldline::connections

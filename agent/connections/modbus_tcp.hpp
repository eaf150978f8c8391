// Modbus TCP through libmodbus: one connection, one thread named after it that does all its blocking
// I/O. Destruction interrupts what blocks and joins. Any thread.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/connections/connection.hpp"
#include "agent/connections/link_state.hpp"
#include "agent/connections/modbus_link.hpp"
#include "agent/connections/switchboard.hpp"
#include "common/base/random.hpp"
#include "common/model/connection_options.hpp"

namespace fieldline::connections {

class ModbusTcp final : public FieldConnection {
 public:
  // `clock` outlives this.
  ModbusTcp(const std::string& name, const ModbusTcpOptions& options, const Clock& clock, Random random,
            std::unique_ptr<LinkState> state, MayWrite may_write);
  ~ModbusTcp() override;

  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::vector<Point> points, Executor& executor,
                                                        Sink sink) override;
  [[nodiscard]] ConnectionHealth state() const override;

 private:
  const std::unique_ptr<LinkState> state_;
  const std::shared_ptr<Switchboard> board_;  // subscriptions may outlive this
  ModbusLink link_;
  std::thread thread_;
};

}  // namespace fieldline::connections

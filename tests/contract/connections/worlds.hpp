// The two kinds of connection, each in a world where it works: what the contract is held against.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/connections/connections.hpp"
#include "common/base/virtual_time.hpp"
#include "tests/contract/connections/device.hpp"
#include "tests/contract/connections/inbox.hpp"

namespace fieldline::connections {

inline Connection modbus_definition(std::uint16_t port, std::map<std::string, std::string> options = {}) {
  options.try_emplace("poll", "20ms");
  options.try_emplace("timeout", "2s");
  return {fmt::format("127.0.0.1:{}", port), "plc", std::move(options), Protocol::kModbusTcp};
}

// A real client, a real server, real time.
class ModbusWorld {
 public:
  static constexpr auto kWritable = "holding:0:float32";
  static constexpr auto kReadOnly = "input:0";
  static constexpr auto kForeign = "memory:x";

  Executor& executor() { return inbox_; }
  [[nodiscard]] Connection definition() const { return modbus_definition(device_.port()); }
  [[nodiscard]] Connection changed_definition() const {
    return modbus_definition(device_.port(), {{"poll", "30ms"}});
  }
  [[nodiscard]] bool run_until(const std::function<bool()>& done) { return inbox_.run_until(done); }
  void run_for(Duration span) { inbox_.run_for(span); }

 private:
  Device device_{{.coils = 10, .discretes = 10, .holdings = 10, .inputs = 10}};
  Inbox inbox_;
};

// The simulator in virtual time.
class SimulatorWorld {
 public:
  static constexpr auto kWritable = "memory:setpoint";
  static constexpr auto kReadOnly = "constant:0";
  static constexpr auto kForeign = "holding:0";

  Executor& executor() { return *executor_; }
  [[nodiscard]] static Connection definition() { return {"", "plc", {}, Protocol::kSimulator}; }
  [[nodiscard]] static Connection changed_definition() {
    return {"", "plc", {{"poll", "2s"}}, Protocol::kSimulator};
  }
  [[nodiscard]] bool run_until(const std::function<bool()>& done) {
    return time_.run_until(done, std::chrono::seconds(30));
  }
  void run_for(Duration span) { time_.run_for(span); }

 private:
  VirtualTime time_;
  std::unique_ptr<Executor> executor_ = time_.executor();
};

}  // namespace fieldline::connections

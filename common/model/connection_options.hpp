// The endpoint and options of a Connection, typed: central validates with it, the agent connects
// with it. Refuses unknown options, so that a misspelt one is not silently a default.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline {

struct Endpoint {
  std::string host;  // a name, or an IPv4 or IPv6 address without brackets
  std::uint16_t port = 0;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// "plc-7:502", "10.0.0.7:502", "[fd00::7]:502".
Result<Endpoint> parse_endpoint(std::string_view text);

struct ModbusTcpOptions {
  Endpoint endpoint;
  int unit = 1;                                // 1..247, the station behind the endpoint
  Duration timeout = std::chrono::seconds(2);  // of the connect, and of each whole answer
  Duration poll = std::chrono::seconds(1);     // from start to start of two reads of a point
};

struct SimulatorOptions {
  Duration poll = std::chrono::seconds(1);
};

// On failure `findings` lists everything that is wrong, each with its path ("options/unit").
Result<ModbusTcpOptions> modbus_tcp_options(const Connection& connection);
Result<SimulatorOptions> simulator_options(const Connection& connection);
// The check alone, whatever the protocol.
Result<> check_options(const Connection& connection);

}  // namespace fieldline

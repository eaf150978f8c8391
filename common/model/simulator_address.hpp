// An address of the simulator protocol: a signal, "sine:period=10s:min=0:max=100", a constant or a
// named memory cell. The grammar is in docs/connections.md. A plain value.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"

namespace fieldline {

enum class Signal { kSine, kRamp, kSquare, kConstant, kMemory };
template <>
inline constexpr std::array kEnumNames<Signal> = std::to_array<std::string_view>({"sine", "ramp", "square",
                                                                                  "constant", "memory"});

struct SimulatorAddress {
  Signal signal = Signal::kConstant;
  Duration period = std::chrono::seconds(60);  // sine, ramp, square
  double min = 0;
  double max = 1;
  std::string text;  // constant: its value as written; memory: the cell's name

  // Memory cells only.
  [[nodiscard]] bool writable() const;
  // Can an attribute of this type be read from it?
  [[nodiscard]] bool carries(DataType type) const;

  friend bool operator==(const SimulatorAddress&, const SimulatorAddress&) = default;
};

Result<SimulatorAddress> parse_simulator_address(std::string_view text);
// What a constant's text says, read as `type`.
Result<Value> constant_value(std::string_view text, DataType type);

}  // namespace fieldline

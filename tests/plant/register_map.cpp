#include "tests/plant/register_map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace plant {
namespace {

constexpr double kPerMille = 1000;
constexpr double kSecondsPerHour = 3600;

constexpr std::size_t kRunCoil = 0;
constexpr std::size_t kTripCoil = 1;

constexpr std::size_t kSpeedSetpoint = 0;
constexpr std::size_t kValveSetpoint = 1;
constexpr std::size_t kExtraInflow = 10;

constexpr double kLowFloat = 0.5;       // m
constexpr double kHighFloat = 3.0;      // m
constexpr double kTankHighFloat = 4.5;  // m
constexpr double kLimitSwitch = 0.005;  // of the valve's travel

std::uint16_t fixed_point(double value, double scale) {
  return static_cast<std::uint16_t>(std::clamp(std::lround(value * scale), 0L, 65535L));
}

void put_float(std::span<std::uint16_t> registers, std::size_t at, double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  registers[at] = static_cast<std::uint16_t>(bits >> 16);
  registers[at + 1] = static_cast<std::uint16_t>(bits);
}

double get_float(std::span<const std::uint16_t> registers, std::size_t at) {
  return std::bit_cast<float>((std::uint32_t{registers[at]} << 16) | registers[at + 1]);
}

void put_low_word_first(std::span<std::uint16_t> registers, std::size_t at, std::uint32_t value) {
  registers[at] = static_cast<std::uint16_t>(value);
  registers[at + 1] = static_cast<std::uint16_t>(value >> 16);
}

double extra_inflow(std::span<const std::uint16_t> holdings) {
  constexpr double kMost = 1000;  // m3/h, a flood
  const double wanted = get_float(holdings, kExtraInflow);
  return std::isfinite(wanted) ? std::clamp(wanted, -kMost, kMost) / kSecondsPerHour : 0;
}

}  // namespace

void write_commands(const Commands& commands, ModbusServer& server) {
  server.coils()[kRunCoil] = commands.run;
  server.coils()[kTripCoil] = commands.trip;
  server.holdings()[kSpeedSetpoint] = fixed_point(commands.speed, kPerMille);
  server.holdings()[kValveSetpoint] = fixed_point(commands.valve, kPerMille);
  put_float(server.holdings(), kExtraInflow, commands.extra_inflow * kSecondsPerHour);
}

Commands read_commands(ModbusServer& server) {
  const auto holdings = server.holdings();
  return {.run = server.coils()[kRunCoil] != 0,
          .trip = server.coils()[kTripCoil] != 0,
          .speed = std::min(holdings[kSpeedSetpoint] / kPerMille, 1.0),
          .valve = std::min(holdings[kValveSetpoint] / kPerMille, 1.0),
          .extra_inflow = extra_inflow(holdings)};
}

void show(const PumpStation& station, ModbusServer& server) {
  const auto& state = station.state();
  const auto discretes = server.discretes();
  discretes[0] = station.is_running();
  discretes[1] = state.tripped;
  discretes[2] = state.well_level <= kLowFloat;
  discretes[3] = state.well_level >= kHighFloat;
  discretes[4] = state.tank_level >= kTankHighFloat;
  discretes[5] = state.valve >= 1 - kLimitSwitch;
  discretes[6] = state.valve <= kLimitSwitch;
  discretes[7] = state.well_level >= PumpStation::kWellHeight || state.tank_level >= PumpStation::kTankHeight;

  const auto inputs = server.inputs();
  inputs[0] = fixed_point(state.speed, kPerMille);
  inputs[1] = fixed_point(state.valve, kPerMille);
  inputs[2] = fixed_point(state.power, 100);
  put_float(inputs, 10, state.well_level);
  put_float(inputs, 12, state.tank_level);
  put_float(inputs, 14, state.pump_flow * kSecondsPerHour);
  put_float(inputs, 16, state.outlet_flow * kSecondsPerHour);
  put_float(inputs, 18, state.inflow * kSecondsPerHour);
  put_low_word_first(inputs, 20, static_cast<std::uint32_t>(state.total_pumped * 1000));
}

}  // namespace plant

#include "tests/plant/pump_station.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace plant {
namespace {

constexpr double kLift = 8;              // m, from the bottom of the well to the bottom of the tank
constexpr double kShutOffHead = 16;      // m, of the pump at full speed and no flow
constexpr double kPumpCurve = 3950;      // m / (m3/s)^2: head lost in the pump and its pipe
constexpr double kSuctionLevel = 0.15;   // m, below it the pump draws air
constexpr double kOutletCurve = 0.0225;  // m3/s per sqrt(m) with the valve open
constexpr double kEfficiency = 0.65;
constexpr double kIdlePower = 0.8;  // kW at full speed, whatever flows
constexpr double kWeight = 9.81;    // kN/m3 of water

double toward(double from, double to, double most) {
  return from + std::clamp(to - from, -most, most);
}

}  // namespace

void PumpStation::step(const Commands& commands, double dt) {
  move_pump(commands, dt);
  move_valve(commands, dt);
  state_.inflow = inflow_now(commands);
  state_.pump_flow = pump_flow_now(dt);
  state_.outlet_flow = outlet_flow_now(dt);
  const double head = kLift + state_.tank_level - state_.well_level;
  state_.power = kWeight * state_.pump_flow * head / kEfficiency + kIdlePower * std::pow(state_.speed, 3);
  move_water(dt);
  state_.time += dt;
}

void PumpStation::move_pump(const Commands& commands, double dt) {
  state_.tripped = commands.trip;
  const bool driven = commands.run && !commands.trip;
  const double wanted = driven ? std::clamp(commands.speed, 0.0, 1.0) : 0.0;
  state_.speed = toward(state_.speed, wanted, dt / kRampTime);
}

void PumpStation::move_valve(const Commands& commands, double dt) {
  state_.valve = toward(state_.valve, std::clamp(commands.valve, 0.0, 1.0), dt / kTravelTime);
}

double PumpStation::inflow_now(const Commands& commands) const {
  const double wave = inflow_.amplitude * std::sin(2 * std::numbers::pi * state_.time / inflow_.period);
  const double step = state_.time >= inflow_.step_after ? inflow_.step : 0;
  return std::max(0.0, inflow_.base + wave + step + commands.extra_inflow);
}

// Where the pump's curve meets the lift; the check valve lets nothing back.
double PumpStation::pump_flow_now(double dt) const {
  if (state_.well_level <= kSuctionLevel) return 0;
  const double spare =
      kShutOffHead * state_.speed * state_.speed - (kLift + state_.tank_level - state_.well_level);
  if (spare <= 0) return 0;
  return std::min(std::sqrt(spare / kPumpCurve), state_.well_level * kWellArea / dt);
}

// Torricelli's law.
double PumpStation::outlet_flow_now(double dt) const {
  const double flow = kOutletCurve * state_.valve * std::sqrt(state_.tank_level);
  return std::min(flow, state_.tank_level * kTankArea / dt);
}

void PumpStation::move_water(double dt) {
  double well = state_.well_level * kWellArea + (state_.inflow - state_.pump_flow) * dt;
  double tank = state_.tank_level * kTankArea + (state_.pump_flow - state_.outlet_flow) * dt;
  const double well_spill = std::max(0.0, well - kWellHeight * kWellArea);
  const double tank_spill = std::max(0.0, tank - kTankHeight * kTankArea);
  state_.well_level = std::max(0.0, well - well_spill) / kWellArea;
  state_.tank_level = std::max(0.0, tank - tank_spill) / kTankArea;
  state_.total_in += state_.inflow * dt;
  state_.total_pumped += state_.pump_flow * dt;
  state_.total_out += state_.outlet_flow * dt;
  state_.total_spilled += well_spill + tank_spill;
}

bool PumpStation::is_running() const {
  return state_.speed > 0;
}

double PumpStation::stored() const {
  return state_.well_level * kWellArea + state_.tank_level * kTankArea;
}

}  // namespace plant

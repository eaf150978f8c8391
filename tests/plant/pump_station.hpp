// The physics of a small pump station: water runs into a well, a pump lifts it to a tank, and the
// tank drains through a valve. Pure: time is what step() is told. SI units: m, m3, m3/s, kW, s.
#pragma once

namespace plant {

// What the control system sets.
struct Commands {
  bool run = false;         // pump
  bool trip = false;        // a tester's hand on the pump's overload relay
  double speed = 0.7;       // pump setpoint, 0..1
  double valve = 0.5;       // outlet valve setpoint, 0..1
  double extra_inflow = 0;  // a tester's cloudburst, m3/s
};

// How much water comes in: base + amplitude * sin(2 pi t / period), plus a step once it is due.
struct Inflow {
  double base = 60.0 / 3600;
  double amplitude = 12.0 / 3600;
  double period = 120;
  double step = 0;
  double step_after = 0;
};

// What an observer with perfect instruments would see.
struct State {
  double time = 0;
  double well_level = 1.5;
  double tank_level = 2.0;
  double speed = 0;  // pump, 0..1
  double valve = 0.5;
  double inflow = 0;
  double pump_flow = 0;
  double outlet_flow = 0;
  double power = 0;
  bool tripped = false;

  // Since the start, m3: nothing appears and nothing vanishes.
  double total_in = 0;
  double total_pumped = 0;
  double total_out = 0;
  double total_spilled = 0;
};

class PumpStation {
 public:
  static constexpr double kWellArea = 4;  // m2
  static constexpr double kWellHeight = 4;
  static constexpr double kTankArea = 6;
  static constexpr double kTankHeight = 5;
  static constexpr double kRampTime = 5;     // s, pump from 0 to full speed
  static constexpr double kTravelTime = 10;  // s, valve from shut to open

  explicit PumpStation(Inflow inflow) : inflow_(inflow) {}

  // `dt` in seconds, small against the ramps: 0.05.
  void step(const Commands& commands, double dt);
  [[nodiscard]] const State& state() const { return state_; }
  // Running feedback: it turns, whether or not it is told to.
  [[nodiscard]] bool is_running() const;
  // m3 in the well and the tank.
  [[nodiscard]] double stored() const;

 private:
  void move_pump(const Commands& commands, double dt);
  void move_valve(const Commands& commands, double dt);
  [[nodiscard]] double inflow_now(const Commands& commands) const;
  [[nodiscard]] double pump_flow_now(double dt) const;
  [[nodiscard]] double outlet_flow_now(double dt) const;
  void move_water(double dt);

  const Inflow inflow_;
  State state_;
};

}  // namespace plant

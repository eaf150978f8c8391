#include "tests/plant/pump_station.hpp"

#include <catch2/catch.hpp>

using plant::Commands;
using plant::Inflow;
using plant::PumpStation;

namespace {

constexpr double kStep = 0.05;
const Inflow kCalm{.amplitude = 0};

void run(PumpStation& station, const Commands& commands, double seconds) {
  for (int steps = static_cast<int>(seconds / kStep); steps > 0; --steps) station.step(commands, kStep);
}

}  // namespace

TEST_CASE("water neither appears nor vanishes, spilling included") {
  PumpStation station(Inflow{.step = 300.0 / 3600, .step_after = 60});
  const double before = station.stored();
  const Commands pumping{.run = true, .speed = 1, .valve = 0.1};
  for (const auto& commands : {Commands{}, pumping, Commands{.trip = true}, pumping}) {
    run(station, commands, 600);
    const auto& state = station.state();
    CHECK(state.total_in + before ==
          Approx(station.stored() + state.total_out + state.total_spilled).epsilon(1e-9));
  }
  CHECK(station.state().total_spilled > 1);
}

TEST_CASE("with the pump off the tank drains and the well fills") {
  PumpStation station(kCalm);
  run(station, {}, 120);
  CHECK(station.state().tank_level < 1.8);
  CHECK(station.state().well_level > 1.9);
  CHECK(station.state().pump_flow == 0);
}

TEST_CASE("with the pump at full speed the well falls and the tank fills") {
  PumpStation station(kCalm);
  run(station, {.run = true, .speed = 1, .valve = 0.2}, 60);
  CHECK(station.state().well_level < 1.3);
  CHECK(station.state().tank_level > 2.1);
  CHECK(station.state().pump_flow > 100.0 / 3600);
  CHECK(station.state().power > 3);
}

TEST_CASE("the pump ramps: it is neither up nor down at once") {
  PumpStation station(kCalm);
  run(station, {.run = true, .speed = 1}, PumpStation::kRampTime / 2);
  CHECK(station.state().speed == Approx(0.5));
  CHECK(station.is_running());
  run(station, {.run = false, .speed = 1}, PumpStation::kRampTime / 4);
  CHECK(station.is_running());
  run(station, {.run = false, .speed = 1}, PumpStation::kRampTime);
  CHECK_FALSE(station.is_running());
}

TEST_CASE("a slow pump turns but can't lift the water") {
  PumpStation station(kCalm);
  run(station, {.run = true, .speed = 0.5}, 30);
  CHECK(station.is_running());
  CHECK(station.state().pump_flow == 0);
}

TEST_CASE("a tripped pump stops although it is told to run") {
  PumpStation station(kCalm);
  run(station, {.run = true}, 30);
  CHECK(station.is_running());
  run(station, {.run = true, .trip = true}, 30);
  CHECK_FALSE(station.is_running());
  CHECK(station.state().tripped);
}

TEST_CASE("the valve takes its travel time") {
  PumpStation station(kCalm);
  run(station, {.valve = 1}, PumpStation::kTravelTime / 4);
  CHECK(station.state().valve == Approx(0.75));
  run(station, {.valve = 0}, PumpStation::kTravelTime);
  CHECK(station.state().valve == Approx(0).margin(1e-9));
  CHECK(station.state().outlet_flow == Approx(0).margin(1e-9));
}

TEST_CASE("the pump runs dry rather than below the bottom of the well") {
  PumpStation station(Inflow{.base = 0, .amplitude = 0});
  run(station, {.run = true, .speed = 1}, 1800);
  CHECK(station.state().well_level >= 0);
  CHECK(station.state().well_level < 0.2);
  CHECK(station.state().tank_level >= 0);
  CHECK(station.state().pump_flow == 0);
}

TEST_CASE("the inflow rises when its step is due, and when a tester adds to it") {
  PumpStation station(Inflow{.base = 0.02, .amplitude = 0, .step = 0.05, .step_after = 100});
  run(station, {}, 99);
  CHECK(station.state().inflow == Approx(0.02));
  run(station, {}, 3);
  CHECK(station.state().inflow == Approx(0.07));
  run(station, {.extra_inflow = 0.01}, 1);
  CHECK(station.state().inflow == Approx(0.08));
  run(station, {.extra_inflow = -1}, 1);
  CHECK(station.state().inflow == 0);
}

TEST_CASE("the inflow swings about its base") {
  PumpStation station(Inflow{});
  run(station, {}, 30.05);
  CHECK(station.state().inflow == Approx((60.0 + 12.0) / 3600).epsilon(1e-3));
  run(station, {}, 60);
  CHECK(station.state().inflow == Approx((60.0 - 12.0) / 3600).epsilon(1e-3));
}

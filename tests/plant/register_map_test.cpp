#include "tests/plant/register_map.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace plant;

namespace {

std::unique_ptr<ModbusServer> server() {
  return std::move(ModbusServer::listen(0, kTableSizes).value());
}

}  // namespace

TEST_CASE("commands come back from the tables as they were put") {
  const auto tables = server();
  write_commands({.run = true, .trip = true, .speed = 0.25, .valve = 0.75, .extra_inflow = 0.01}, *tables);
  const auto read = read_commands(*tables);
  CHECK(read.run);
  CHECK(read.trip);
  CHECK(read.speed == Approx(0.25));
  CHECK(read.valve == Approx(0.75));
  CHECK(read.extra_inflow == Approx(0.01));
}

TEST_CASE("commands out of range are cut to it") {
  const auto tables = server();
  tables->holdings()[0] = 1001;
  tables->holdings()[1] = 65535;
  tables->holdings()[10] = 0x7FC0;  // float32 NaN
  const auto read = read_commands(*tables);
  CHECK(read.speed == 1);
  CHECK(read.valve == 1);
  CHECK(read.extra_inflow == 0);
}

TEST_CASE("instruments stand where the documentation says") {
  const auto tables = server();
  PumpStation station(Inflow{});
  for (int i = 0; i < 2000; ++i) station.step({.run = true, .speed = 1, .valve = 1}, 0.05);
  show(station, *tables);
  CHECK(tables->discretes()[0] == 1);
  CHECK(tables->discretes()[1] == 0);
  CHECK(tables->discretes()[5] == 1);
  CHECK(tables->inputs()[0] == 1000);
  CHECK(tables->inputs()[1] == 1000);
  const auto inputs = tables->inputs();
  CHECK(modbus_get_float_abcd(&inputs[10]) == Approx(station.state().well_level));
  CHECK(modbus_get_float_abcd(&inputs[12]) == Approx(station.state().tank_level));
  CHECK(modbus_get_float_abcd(&inputs[14]) == Approx(station.state().pump_flow * 3600));
  CHECK(modbus_get_float_abcd(&inputs[16]) == Approx(station.state().outlet_flow * 3600));
  CHECK(modbus_get_float_abcd(&inputs[18]) == Approx(station.state().inflow * 3600));
  CHECK((inputs[20] | (std::uint32_t{inputs[21]} << 16)) ==
        static_cast<std::uint32_t>(station.state().total_pumped * 1000));
}

// Where the pump station's commands and instruments stand in the server's tables. README.md is its
// documentation for people.
#pragma once

#include "tests/plant/modbus_server.hpp"
#include "tests/plant/pump_station.hpp"

namespace plant {

inline constexpr TableSizes kTableSizes{.coils = 2, .discretes = 8, .holdings = 12, .inputs = 22};

// The setpoints that a controller finds at the start.
void write_commands(const Commands& commands, ModbusServer& server);
// What clients have written by now; numbers out of range are cut to it.
Commands read_commands(ModbusServer& server);
// Shows the instruments to clients.
void show(const PumpStation& station, ModbusServer& server);

}  // namespace plant

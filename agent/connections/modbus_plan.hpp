// Which requests read a set of points: neighbours in one table share a request. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/model/modbus_address.hpp"

namespace fieldline::connections {

struct PlannedPoint {
  ModbusAddress address;
  std::size_t tag = 0;  // the planner's caller knows what it means
};

struct ReadRequest {
  ModbusTable table = ModbusTable::kHolding;
  std::uint16_t first = 0;
  std::uint16_t count = 0;           // never over kReadRegisters, kReadBits
  std::vector<PlannedPoint> points;  // by number
};

// As few requests as neighbourhood allows (limits.hpp: what a request may hold, and the gap it may span).
std::vector<ReadRequest> plan_reads(std::vector<PlannedPoint> points);

// Two requests for the same points, so that one illegal register does not cost its neighbours their
// value; empty when all points stand at one place.
std::optional<std::pair<ReadRequest, ReadRequest>> split(const ReadRequest& request);

}  // namespace fieldline::connections

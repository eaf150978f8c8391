// One point's registers as an attribute's value, and back. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/modbus_address.hpp"

namespace fieldline::connections {

struct Reading {
  Quality quality = Quality::kGood;
  Value value;  // only when good
};

// `words` are the registers of `address` as they came, or one 0 or 1 for a bit; `address` carries `type`.
// Bad_OutOfRange where the number has no place in `type`: NaN, an infinity, 7 as a bool.
Reading decode(const ModbusAddress& address, DataType type, std::span<const std::uint16_t> words);

// The words to send. kInvalid when `value` is not a number or the registers can't hold it.
Result<std::vector<std::uint16_t>> encode(const ModbusAddress& address, const Value& value);

}  // namespace fieldline::connections

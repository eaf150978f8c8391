// A Modbus field address as engineers write it: "holding:100:float32:low-word-first:scale=0.1".
// The grammar is in docs/connections.md. A plain value; parsing refuses what no device can answer.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"

namespace fieldline {

enum class ModbusTable { kCoil, kDiscrete, kHolding, kInput };
template <>
inline constexpr std::array kEnumNames<ModbusTable> = std::to_array<std::string_view>({"coil", "discrete",
                                                                                       "holding", "input"});

// How the bits of one or two registers are read. Coils and discretes are always kBool.
enum class RegisterType { kBool, kInt16, kUint16, kInt32, kUint32, kFloat32 };
template <>
inline constexpr std::array kEnumNames<RegisterType> =
    std::to_array<std::string_view>({"bool", "int16", "uint16", "int32", "uint32", "float32"});

enum class WordOrder { kHighWordFirst, kLowWordFirst };
template <>
inline constexpr std::array kEnumNames<WordOrder> = std::to_array<std::string_view>({"high-word-first",
                                                                                     "low-word-first"});

struct ModbusAddress {
  ModbusTable table = ModbusTable::kHolding;
  std::uint16_t number = 0;  // 0-based, as it goes over the wire
  RegisterType type = RegisterType::kUint16;
  WordOrder order = WordOrder::kHighWordFirst;
  double scale = 1;   // attribute = register * scale + offset
  double offset = 0;  // in the attribute's unit

  // Coils and holding registers; the other two tables are read only.
  [[nodiscard]] bool writable() const;
  // Bits or 16-bit registers that it spans: 1 or 2.
  [[nodiscard]] std::uint16_t registers() const;
  // Is the table one of bits?
  [[nodiscard]] bool is_bit() const;
  // Does the register's number go through scale and offset?
  [[nodiscard]] bool is_scaled() const;
  // Can an attribute of this type be read from it?
  [[nodiscard]] bool carries(DataType type) const;

  friend bool operator==(const ModbusAddress&, const ModbusAddress&) = default;
};

Result<ModbusAddress> parse_modbus_address(std::string_view text);

}  // namespace fieldline

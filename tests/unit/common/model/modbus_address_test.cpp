#include "common/model/modbus_address.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fieldline;

TEST_CASE("a Modbus address says table, number and how to read it") {
  CHECK(parse_modbus_address("holding:100") == ModbusAddress{ModbusTable::kHolding, 100});
  CHECK(parse_modbus_address("coil:3") == ModbusAddress{ModbusTable::kCoil, 3, RegisterType::kBool});
  CHECK(parse_modbus_address("discrete:12:bool") ==
        ModbusAddress{ModbusTable::kDiscrete, 12, RegisterType::kBool});
  CHECK(parse_modbus_address("input:7:int16:scale=0.1") ==
        ModbusAddress{ModbusTable::kInput, 7, RegisterType::kInt16, WordOrder::kHighWordFirst, 0.1});
  CHECK(parse_modbus_address("holding:10:low-word-first:offset=-40:uint32:scale=2") ==
        ModbusAddress{ModbusTable::kHolding, 10, RegisterType::kUint32, WordOrder::kLowWordFirst, 2, -40});
  CHECK(parse_modbus_address("holding:65535").has_value());
}

TEST_CASE("a Modbus address that no device can answer is refused with the reason") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"", "empty part"},
      {"holding", "needs a register number"},
      {"register:1", "tables are coil, discrete, holding, input"},
      {"Holding:1", "not a table"},
      {"holding:", "empty part"},
      {"holding::int16", "empty part"},
      {"holding:-1", "from 0 to 65535"},
      {"holding:65536", "from 0 to 65535"},
      {"holding:1x", "from 0 to 65535"},
      {"holding:99999999999999999999", "from 0 to 65535"},
      {"holding:65535:float32", "second register"},
      {"holding:1:int64", "not a type"},
      {"holding:1:bool", "does not hold bool"},
      {"coil:1:int16", "does not hold int16"},
      {"coil:1:scale=2", "no scale"},
      {"holding:1:scale=0", "can't be 0"},
      {"holding:1:scale=nan", "not a number"},
      {"holding:1:scale=", "not a number"},
      {"holding:1:offset=1e999", "not a number"},
      {"holding:1:scale=2:scale=2", "given twice"},
      {"holding:1:int32:uint32", "given twice"},
      {"holding:1:low-word-first", "32-bit"},
      {"holding:1:int16:swap=yes", "not a type"},
      {"holding:1:" + std::string(300, 'x'), "longer"},
  }));
  INFO(text);
  const auto address = parse_modbus_address(text);
  REQUIRE_FALSE(address);
  CHECK_THAT(address.error().message, Catch::Contains(reason));
}

TEST_CASE("coils and holding registers can be written, the rest only read") {
  CHECK(parse_modbus_address("coil:0")->writable());
  CHECK(parse_modbus_address("holding:0")->writable());
  CHECK_FALSE(parse_modbus_address("discrete:0")->writable());
  CHECK_FALSE(parse_modbus_address("input:0")->writable());
}

TEST_CASE("an address carries the types that its register can be read as") {
  const auto carries = [](std::string_view text, DataType type) {
    return parse_modbus_address(text)->carries(type);
  };
  CHECK(carries("coil:0", DataType::kBool));
  CHECK_FALSE(carries("coil:0", DataType::kFloat));
  CHECK(carries("holding:0", DataType::kBool));
  CHECK(carries("holding:0", DataType::kInt));
  CHECK(carries("holding:0:float32", DataType::kFloat));
  CHECK_FALSE(carries("holding:0:float32", DataType::kBool));
  CHECK_FALSE(carries("holding:0:scale=0.1", DataType::kBool));
  CHECK_FALSE(carries("holding:0", DataType::kString));
  CHECK_FALSE(carries("holding:0", DataType::kTimestamp));
}

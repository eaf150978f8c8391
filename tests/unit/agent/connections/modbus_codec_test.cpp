#include "agent/connections/modbus_codec.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace fieldline;
using namespace fieldline::connections;

namespace {

using Words = std::vector<std::uint16_t>;

Reading read(std::string_view address, DataType type, const Words& words) {
  return decode(parse_modbus_address(address).value(), type, words);
}

Result<Words> words_for(std::string_view address, const Value& value) {
  return encode(parse_modbus_address(address).value(), value);
}

}  // namespace

TEST_CASE("registers are read as numbers of their type") {
  CHECK(read("input:0:int16", DataType::kInt, {0x8000}).value == Value(std::int64_t{-32768}));
  CHECK(read("input:0:uint16", DataType::kInt, {0x8000}).value == Value(std::int64_t{32768}));
  CHECK(read("input:0:int32", DataType::kInt, {0x8000, 0}).value == Value(std::int64_t{-2147483648}));
  CHECK(read("input:0:uint32", DataType::kInt, {0x8000, 0}).value == Value(std::int64_t{2147483648}));
  CHECK(read("input:0:uint32:low-word-first", DataType::kInt, {0x8000, 0}).value ==
        Value(std::int64_t{32768}));
  CHECK(read("input:0:float32", DataType::kFloat, {0xC148, 0}).value == Value(-12.5));
  CHECK(read("input:0:float32:low-word-first", DataType::kFloat, {0, 0xC148}).value == Value(-12.5));
}

TEST_CASE("a scaled register is rounded when an int is asked for") {
  CHECK(read("input:0:scale=0.1", DataType::kFloat, {125}).value == Value(12.5));
  CHECK(read("input:0:scale=0.1", DataType::kInt, {126}).value == Value(std::int64_t{13}));
  CHECK(read("input:0:scale=2:offset=-40", DataType::kInt, {10}).value == Value(std::int64_t{-20}));
}

TEST_CASE("a register is a bool when it holds 0 or 1") {
  CHECK(read("holding:0", DataType::kBool, {0}).value == Value(false));
  CHECK(read("holding:0", DataType::kBool, {1}).value == Value(true));
  CHECK(read("holding:0", DataType::kBool, {2}).quality == Quality::kBadOutOfRange);
}

TEST_CASE("numbers without a place in the type are out of range") {
  constexpr std::uint16_t kNan = 0x7FC0;
  constexpr std::uint16_t kInfinity = 0x7F80;
  constexpr std::uint16_t kHuge = 0x7F00;  // 1.7e38
  CHECK(read("input:0:float32", DataType::kFloat, {kNan, 0}).quality == Quality::kBadOutOfRange);
  CHECK(read("input:0:float32", DataType::kFloat, {kInfinity, 0}).quality == Quality::kBadOutOfRange);
  CHECK(read("input:0:float32", DataType::kInt, {kNan, 0}).quality == Quality::kBadOutOfRange);
  CHECK(read("input:0:float32", DataType::kInt, {kHuge, 0}).quality == Quality::kBadOutOfRange);
  CHECK(read("input:0:float32:scale=1e300", DataType::kFloat, {kHuge, 0}).quality == Quality::kBadOutOfRange);
}

TEST_CASE("what is written reads back the same") {
  const auto address = GENERATE(as<std::string>{}, "holding:0:int16", "holding:0:int32", "holding:0:float32",
                                "holding:0:int32:low-word-first", "holding:0:int16:scale=0.5",
                                "holding:0:float32:scale=10:offset=5");
  const double value = GENERATE(-125.0, 0.0, 1.0, 250.0);
  const auto back = read(address, DataType::kFloat, words_for(address, value).value());
  CHECK(as_number(back.value).value() == Approx(value));
}

TEST_CASE("what the register can't hold is refused before it is sent") {
  CHECK_FALSE(words_for("holding:0", -1.0));
  CHECK_FALSE(words_for("holding:0", 65536.0));
  CHECK_FALSE(words_for("holding:0:int16:scale=0.1", 3276.8));
  CHECK_FALSE(words_for("holding:0:uint32", 4294967296.0));
  CHECK_FALSE(words_for("holding:0:float32", 1e39));
  CHECK_FALSE(words_for("holding:0:scale=1e-300", 1e300));
  CHECK_FALSE(words_for("holding:0", std::string("1")));
  CHECK_FALSE(words_for("holding:0", {}));
  CHECK(words_for("holding:0:uint32", std::int64_t{4294967295}) == Words{0xFFFF, 0xFFFF});
  CHECK(words_for("coil:0", true) == Words{1});
}

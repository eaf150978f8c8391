#include "common/model/simulator_address.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fieldline;
using namespace std::chrono_literals;

TEST_CASE("a simulator address names a signal, a constant or a cell") {
  CHECK(parse_simulator_address("sine") == SimulatorAddress{Signal::kSine, 60s, 0, 1, {}});
  CHECK(parse_simulator_address("ramp:period=10s:min=-5:max=5") ==
        SimulatorAddress{Signal::kRamp, 10s, -5, 5, {}});
  CHECK(parse_simulator_address("constant:12.5") == SimulatorAddress{Signal::kConstant, 60s, 0, 1, "12.5"});
  CHECK(parse_simulator_address("constant:a:b")->text == "a:b");
  CHECK(parse_simulator_address("memory:Pump1.Speed")->text == "Pump1.Speed");
}

TEST_CASE("a simulator address that means nothing is refused with the reason") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"", "one of sine"},
      {"noise", "one of sine"},
      {"sine:period=0s", "above zero"},
      {"sine:period=fast", "above zero"},
      {"sine:min=x", "not a number"},
      {"sine:min=1", "min is not below max"},
      {"sine:max=1e300", "2^53"},
      {"sine:phase=1", "not one of"},
      {"sine:min=0:min=0", "given twice"},
      {"sine:", "empty part"},
      {"constant", "needs a value"},
      {"constant:", "needs a value"},
      {"memory:", "needs a name"},
      {"memory:a b", "needs a name"},
  }));
  INFO(text);
  const auto address = parse_simulator_address(text);
  REQUIRE_FALSE(address);
  CHECK_THAT(address.error().message, Catch::Contains(reason));
}

TEST_CASE("a constant is of the type that it is read as, or is not carried") {
  CHECK(constant_value("true", DataType::kBool) == Value(true));
  CHECK(constant_value("-3", DataType::kInt) == Value(std::int64_t{-3}));
  CHECK(constant_value("2.5", DataType::kFloat) == Value(2.5));
  CHECK(constant_value("2.5", DataType::kString) == Value(std::string("2.5")));
  CHECK(constant_value("1970-01-01T00:00:01Z", DataType::kTimestamp) == Value(Timestamp(1s)));
  CHECK_FALSE(constant_value("2.5", DataType::kInt));
  CHECK_FALSE(constant_value("yes", DataType::kBool));
  CHECK_FALSE(parse_simulator_address("constant:2.5")->carries(DataType::kBool));
}

TEST_CASE("only cells can be written") {
  CHECK(parse_simulator_address("memory:x")->writable());
  CHECK_FALSE(parse_simulator_address("sine")->writable());
  CHECK_FALSE(parse_simulator_address("constant:1")->writable());
}

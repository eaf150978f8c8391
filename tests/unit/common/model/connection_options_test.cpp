#include "common/model/connection_options.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "common/model/field_address.hpp"

using namespace fieldline;
using namespace std::chrono_literals;

namespace {

Connection modbus(std::string endpoint, std::map<std::string, std::string> options = {}) {
  return {std::move(endpoint), "plc", std::move(options), Protocol::kModbusTcp};
}

}  // namespace

TEST_CASE("options of a Modbus connection have defaults") {
  const auto options = modbus_tcp_options(modbus("plc-7:502")).value();
  CHECK(options.endpoint == Endpoint{"plc-7", 502});
  CHECK(options.unit == 1);
  CHECK(options.timeout == 2s);
  CHECK(options.poll == 1s);
}

TEST_CASE("options of a Modbus connection are read as what they are") {
  const auto options =
      modbus_tcp_options(modbus("10.0.0.7:1502", {{"unit", "17"}, {"timeout", "500ms"}, {"poll", "5s"}}))
          .value();
  CHECK(options.unit == 17);
  CHECK(options.timeout == 500ms);
  CHECK(options.poll == 5s);
}

TEST_CASE("everything wrong with a connection is found at once") {
  const auto options =
      modbus_tcp_options(modbus("plc", {{"unit", "0"}, {"timeout", "2"}, {"poll", "1ms"}, {"Unit", "1"}}));
  REQUIRE_FALSE(options);
  CHECK(options.error().where == "connections/plc");
  std::vector<std::string> paths;
  for (const auto& finding : options.error().findings) paths.push_back(finding.path);
  CHECK(paths == std::vector<std::string>{"endpoint", "options/unit", "options/timeout", "options/poll",
                                          "options/Unit"});
}

TEST_CASE("an option out of range is refused") {
  const auto [key, value] = GENERATE(table<std::string, std::string>({{"unit", "248"},
                                                                      {"unit", "-1"},
                                                                      {"unit", "1 "},
                                                                      {"unit", ""},
                                                                      {"timeout", "61s"},
                                                                      {"timeout", "0s"},
                                                                      {"poll", "2h"}}));
  INFO(key << '=' << value);
  CHECK_FALSE(check_options(modbus("plc:502", {{key, value}})));
}

TEST_CASE("an endpoint is a host and a port") {
  CHECK(parse_endpoint("[fd00::7]:502") == Endpoint{"fd00::7", 502});
  for (const std::string text :
       {"", ":502", "plc", "plc:", "plc:0", "plc:65536", "plc:+5", "plc:5 ", "a b:502", "fd00::7:502",
        "[]:502", "[fe80::1%eth0]:502", "[plc]:502", "plc:502:502"}) {
    INFO(text);
    CHECK_FALSE(parse_endpoint(text));
  }
}

TEST_CASE("a simulator has a poll and nothing else") {
  Connection simulator{"", "sim", {{"poll", "100ms"}}, Protocol::kSimulator};
  CHECK(simulator_options(simulator)->poll == 100ms);
  simulator.endpoint = "plc:502";
  CHECK_FALSE(check_options(simulator));
  simulator.endpoint.clear();
  simulator.options = {{"unit", "1"}};
  CHECK_FALSE(check_options(simulator));
}

TEST_CASE("an address is checked for its protocol, type and use in one question") {
  CHECK(check_address(Protocol::kModbusTcp, "holding:1", DataType::kFloat, true));
  CHECK_FALSE(check_address(Protocol::kModbusTcp, "input:1", DataType::kFloat, true));
  CHECK_FALSE(check_address(Protocol::kModbusTcp, "coil:1", DataType::kFloat, false));
  CHECK_FALSE(check_address(Protocol::kModbusTcp, "sine", DataType::kFloat, false));
  CHECK(check_address(Protocol::kSimulator, "memory:x", DataType::kString, true));
  CHECK_FALSE(check_address(Protocol::kSimulator, "sine", DataType::kFloat, true));
  CHECK_FALSE(check_address(Protocol::kSimulator, "holding:1", DataType::kFloat, false));
}

#include "agent/connections/modbus_plan.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "agent/connections/limits.hpp"
#include "common/base/random.hpp"

using namespace fieldline;
using namespace fieldline::connections;

namespace {

std::vector<PlannedPoint> points(const std::vector<std::string>& addresses) {
  std::vector<PlannedPoint> points;
  for (const auto& address : addresses)
    points.push_back({parse_modbus_address(address).value(), points.size()});
  return points;
}

// "holding 0+4" for each request.
std::vector<std::string> spelled(const std::vector<ReadRequest>& requests) {
  std::vector<std::string> spelled;
  for (const auto& request : requests) {
    spelled.push_back(std::string(name(request.table)) + ' ' + std::to_string(request.first) + '+' +
                      std::to_string(request.count));
  }
  return spelled;
}

using Requests = std::vector<std::string>;

}  // namespace

TEST_CASE("neighbours in a table share a request, whatever order they come in") {
  CHECK(spelled(plan_reads(points({"holding:3", "holding:0:float32", "holding:2"}))) ==
        Requests{"holding 0+4"});
  CHECK(spelled(plan_reads(points({"holding:0", "input:0", "coil:0", "discrete:0"}))) ==
        Requests{"coil 0+1", "discrete 0+1", "holding 0+1", "input 0+1"});
}

TEST_CASE("a small gap is read along, a large one is not") {
  CHECK(spelled(plan_reads(points({"holding:0", "holding:17"}))) == Requests{"holding 0+18"});
  CHECK(spelled(plan_reads(points({"holding:0", "holding:18"}))) == Requests{"holding 0+1", "holding 18+1"});
  CHECK(spelled(plan_reads(points({"coil:0", "coil:129"}))) == Requests{"coil 0+130"});
}

TEST_CASE("points that overlap are read once") {
  CHECK(spelled(plan_reads(points({"holding:0:float32", "holding:0", "holding:1", "holding:0:int32"}))) ==
        Requests{"holding 0+2"});
}

TEST_CASE("no request is larger than the protocol allows, and a wide value is never cut in two") {
  std::vector<std::string> wide;
  for (int i = 0; i < 200; i += 2) wide.push_back("holding:" + std::to_string(i) + ":float32");
  CHECK(spelled(plan_reads(points(wide))) == Requests{"holding 0+124", "holding 124+76"});
  CHECK(spelled(plan_reads(points({"holding:65535", "holding:65533:uint32"}))) ==
        Requests{"holding 65533+3"});
}

TEST_CASE("every point of any plan lies inside its request") {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<PlannedPoint> any;
    for (std::size_t i = 0; i < 300; ++i) {
      ModbusAddress address;
      address.table = static_cast<ModbusTable>(random.below(4));
      address.number = static_cast<std::uint16_t>(random.below(3000));
      if (address.is_bit()) address.type = RegisterType::kBool;
      if (!address.is_bit() && random.below(2) == 0) address.type = RegisterType::kFloat32;
      any.push_back({address, i});
    }
    std::set<std::size_t> seen;
    for (const auto& request : plan_reads(any)) {
      const bool bits = request.points.front().address.is_bit();
      REQUIRE(request.count <= (bits ? kReadBits : kReadRegisters));
      for (const auto& point : request.points) {
        seen.insert(point.tag);
        REQUIRE(point.address.table == request.table);
        REQUIRE(point.address.number >= request.first);
        REQUIRE(point.address.number + point.address.registers() <= request.first + request.count);
      }
    }
    REQUIRE(seen.size() == any.size());
  }
}

TEST_CASE("a request that is split to its end leaves one place per request") {
  std::vector<ReadRequest> open =
      plan_reads(points({"input:0", "input:1", "input:1", "input:1:uint32", "input:9"}));
  std::vector<ReadRequest> whole;
  while (!open.empty()) {
    auto request = open.back();
    open.pop_back();
    if (auto halves = split(request)) {
      CHECK(halves->first.points.size() + halves->second.points.size() == request.points.size());
      open.push_back(halves->second);
      open.push_back(halves->first);
    } else {
      whole.push_back(request);
    }
  }
  CHECK(spelled(whole) == Requests{"input 0+1", "input 1+1", "input 1+2", "input 9+1"});
}

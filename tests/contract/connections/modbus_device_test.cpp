// The Modbus client against an honest device: types, grouping, loss and return of the link.
#include <catch2/catch.hpp>

#include "agent/connections/connections.hpp"
#include "tests/contract/connections/device.hpp"
#include "tests/contract/connections/inbox.hpp"
#include "tests/contract/connections/subscriber.hpp"
#include "tests/contract/connections/worlds.hpp"

using namespace fieldline;
using namespace fieldline::connections;
using namespace std::chrono_literals;

namespace {

struct Plant {
  Device device{{.coils = 3000, .discretes = 100, .holdings = 300, .inputs = 100}};
  Inbox inbox;
  std::vector<ConnectionHealth> reports;
  Connections connections{inbox, Random(1),
                          [this](const ConnectionHealth& state) { reports.push_back(state); }};
  std::shared_ptr<FieldConnection> plc = connections.open(modbus_definition(device.port())).value();

  bool until(const std::function<bool()>& done) { return inbox.run_until(done); }
};

}  // namespace

TEST_CASE("every register type is read as the address says") {
  Plant plant;
  plant.device.with([](auto& server) {
    server.coils()[3] = 1;
    server.discretes()[4] = 1;
    server.inputs()[0] = 0xFFFE;
    server.inputs()[1] = 1;
    server.holdings()[10] = 0x4148;  // 12.5 as float32, high word first
    server.holdings()[21] = 0x4148;  // the same, low word first
    server.holdings()[30] = 0xFFFF;
    server.holdings()[31] = 0xFFFF;
  });
  Subscriber subscriber(*plant.plc,
                        {{1, "coil:3", DataType::kBool},
                         {2, "discrete:4", DataType::kBool},
                         {3, "input:0:int16", DataType::kInt},
                         {4, "input:0", DataType::kInt},
                         {5, "input:1", DataType::kBool},
                         {6, "holding:10:float32", DataType::kFloat},
                         {7, "holding:20:float32:low-word-first", DataType::kFloat},
                         {8, "holding:30:int32", DataType::kInt},
                         {9, "holding:30:uint32", DataType::kInt},
                         {10, "input:0:int16:scale=0.5:offset=100", DataType::kFloat},
                         {11, "input:0", DataType::kBool}},
                        plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(1, true); }));
  CHECK(subscriber.shows(2, true));
  CHECK(subscriber.shows(3, std::int64_t{-2}));
  CHECK(subscriber.shows(4, std::int64_t{65534}));
  CHECK(subscriber.shows(5, true));
  CHECK(subscriber.shows(6, 12.5));
  CHECK(subscriber.shows(7, 12.5));
  CHECK(subscriber.shows(8, std::int64_t{-1}));
  CHECK(subscriber.shows(9, std::int64_t{4294967295}));
  CHECK(subscriber.shows(10, 99.0));
  CHECK(subscriber.quality(11) == Quality::kBadOutOfRange);
}

TEST_CASE("writes reach the device in the form that the address says") {
  Plant plant;
  Subscriber subscriber(*plant.plc,
                        {{1, "coil:1", DataType::kBool},
                         {2, "holding:0:int16:scale=0.1", DataType::kFloat},
                         {3, "holding:2:uint32:low-word-first", DataType::kInt},
                         {4, "holding:4:float32", DataType::kFloat}},
                        plant.inbox);
  const auto write = [&](PointId point, const Value& value) {
    subscriber.write(point, value);
    REQUIRE(plant.until([&] { return subscriber.answer().has_value(); }));
    REQUIRE(subscriber.answer()->has_value());
  };
  write(1, true);
  write(2, -12.3);
  write(3, std::int64_t{0x00010002});
  write(4, 12.5);
  plant.device.with([](auto& server) {
    CHECK(server.coils()[1] == 1);
    CHECK(static_cast<std::int16_t>(server.holdings()[0]) == -123);
    CHECK(server.holdings()[2] == 2);
    CHECK(server.holdings()[3] == 1);
    CHECK(server.holdings()[4] == 0x4148);
  });
  subscriber.write(2, 5000.0);
  REQUIRE(plant.until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.was_refused_as(ErrorCode::kInvalid));
}

TEST_CASE("a changed register is seen by the next polls, with its time") {
  Plant plant;
  Subscriber subscriber(*plant.plc, {{1, "input:5"}}, plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(1, 0.0); }));
  const auto before = subscriber.sample(1).source_time;
  plant.device.with([](auto& server) { server.inputs()[5] = 42; });
  REQUIRE(plant.until([&] { return subscriber.shows(1, 42.0); }));
  CHECK(subscriber.sample(1).source_time > before);
}

TEST_CASE("neighbouring registers are read by few requests") {
  Plant plant;
  plant.plc = plant.connections.open(modbus_definition(plant.device.port(), {{"poll", "1h"}})).value();
  std::vector<Point> points;
  for (PointId i = 0; i < 250; ++i) points.push_back({i, fmt::format("holding:{}", i)});
  for (PointId i = 0; i < 2000; ++i) points.push_back({1000 + i, fmt::format("coil:{}", i), DataType::kBool});
  Subscriber subscriber(*plant.plc, points, plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(0, 0.0) && subscriber.shows(2999, false); }));
  CHECK(plant.device.with([](auto& server) { return server.reads(); }) == 3);
}

TEST_CASE("an address that the device does not have fails alone") {
  Plant plant;
  Subscriber subscriber(
      *plant.plc,
      {{1, "input:98"}, {2, "input:99"}, {3, "input:100"}, {4, "input:99:uint32"}, {5, "input:101"}},
      plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(1, 0.0); }));
  CHECK(subscriber.shows(2, 0.0));
  for (const PointId illegal : {3, 4, 5}) {
    CHECK(subscriber.quality(illegal) == Quality::kBadConfigurationError);
  }
  CHECK(plant.plc->state().connected);
}

TEST_CASE("a device that goes away takes the quality with it and leaves the last value") {
  Plant plant;
  plant.device.with([](auto& server) { server.inputs()[0] = 7; });
  Subscriber subscriber(*plant.plc, {{1, "input:0"}, {2, "memory:x"}}, plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(1, 7.0); }));
  const auto seen = subscriber.sample(1).source_time;

  plant.device.switch_off();
  REQUIRE(plant.until([&] { return subscriber.quality(1) == Quality::kBadCommunicationError; }));
  CHECK(subscriber.value(1) == Value(7.0));
  CHECK(subscriber.sample(1).source_time == seen);
  CHECK(subscriber.quality(2) == Quality::kBadConfigurationError);
  REQUIRE(plant.until([&] { return !plant.reports.back().connected; }));
  CHECK_THAT(plant.reports.back().error, Catch::Contains("127.0.0.1"));

  subscriber.write(1, 1.0);
  Subscriber late(*plant.plc, {{1, "holding:0"}}, plant.inbox);
  CHECK(plant.until([&] { return late.quality(1) == Quality::kBadCommunicationError; }));
  late.write(1, 1.0);
  REQUIRE(plant.until([&] { return late.answer().has_value(); }));
  CHECK(late.was_refused_as(ErrorCode::kUnavailable));

  plant.device.switch_on();
  plant.device.with([](auto& server) { server.inputs()[0] = 8; });
  CHECK(plant.until([&] { return subscriber.shows(1, 8.0) && late.shows(1, 0.0); }));
  CHECK(plant.until([&] { return plant.reports.back().connected; }));
}

TEST_CASE("a device that closed an idle link is dialled again without a gap in quality") {
  Plant plant;
  plant.plc = plant.connections.open(modbus_definition(plant.device.port(), {{"poll", "2s"}})).value();
  Subscriber subscriber(*plant.plc, {{1, "holding:0"}}, plant.inbox);
  REQUIRE(plant.until([&] { return subscriber.shows(1, 0.0); }));
  plant.device.switch_off();
  plant.device.switch_on();
  plant.device.with([](auto& server) { server.holdings()[0] = 9; });
  REQUIRE(plant.until([&] { return subscriber.shows(1, 9.0); }));
  CHECK(plant.reports.size() == 1);
}

// What every kind of field connection owes its subscribers.
#include <catch2/catch.hpp>

#include "agent/connections/connections.hpp"
#include "tests/contract/connections/subscriber.hpp"
#include "tests/contract/connections/worlds.hpp"

using namespace fieldline;
using namespace fieldline::connections;
using namespace std::chrono_literals;

namespace {

template <class World>
struct Site {
  World world;
  std::vector<ConnectionHealth> reports;
  Connections connections{world.executor(), Random(1),
                          [this](const ConnectionHealth& state) { reports.push_back(state); }};

  std::shared_ptr<FieldConnection> open() { return connections.open(world.definition()).value(); }
};

}  // namespace

TEMPLATE_TEST_CASE("the first batch names every point, usable or not", "", ModbusWorld, SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection,
                        {{1, TestType::kWritable}, {2, TestType::kForeign}, {3, TestType::kReadOnly}},
                        site.world.executor());
  REQUIRE(site.world.run_until([&] { return subscriber.batches() == 1; }));
  CHECK(subscriber.points_seen() == 3);
  CHECK(subscriber.quality(2) == Quality::kBadConfigurationError);
}

TEMPLATE_TEST_CASE("an address that can't be used costs its neighbours nothing", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection, {{1, TestType::kForeign}, {2, TestType::kReadOnly}},
                        site.world.executor());
  REQUIRE(site.world.run_until([&] { return subscriber.shows(2, 0.0); }));
  CHECK(subscriber.quality(1) == Quality::kBadConfigurationError);
  CHECK(subscriber.value(1) == Value());
}

TEMPLATE_TEST_CASE("a write is answered and then read back", "", ModbusWorld, SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection, {{7, TestType::kWritable}}, site.world.executor());
  subscriber.write(7, 12.5);
  REQUIRE(site.world.run_until([&] { return subscriber.answer().has_value(); }));
  CHECK(subscriber.answer()->has_value());
  CHECK(site.world.run_until([&] { return subscriber.shows(7, 12.5); }));
}

TEMPLATE_TEST_CASE("a write that can't be is refused with its reason", "", ModbusWorld, SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection,
                        {{1, TestType::kWritable}, {2, TestType::kReadOnly}, {3, TestType::kForeign}},
                        site.world.executor());
  const auto refused_as = [&](ErrorCode code) {
    return site.world.run_until([&] { return subscriber.answer().has_value(); }) &&
           subscriber.was_refused_as(code);
  };
  subscriber.write(1, std::string("open"));
  CHECK(refused_as(ErrorCode::kInvalid));
  subscriber.write(2, 1.0);
  CHECK(refused_as(ErrorCode::kInvalid));
  subscriber.write(3, 1.0);
  CHECK(refused_as(ErrorCode::kNotFound));
  subscriber.write(99, 1.0);
  CHECK(refused_as(ErrorCode::kNotFound));
}

TEMPLATE_TEST_CASE("subscribers of one connection all see what one of them writes", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber writer(*connection, {{1, TestType::kWritable}}, site.world.executor());
  Subscriber reader(*connection, {{5, TestType::kWritable}}, site.world.executor());
  writer.write(1, 3.0);
  CHECK(site.world.run_until([&] { return writer.shows(1, 3.0) && reader.shows(5, 3.0); }));
}

TEMPLATE_TEST_CASE("who has left hears nothing, not even the answer of a write", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber leaving(*connection, {{1, TestType::kWritable}}, site.world.executor());
  Subscriber staying(*connection, {{1, TestType::kWritable}}, site.world.executor());
  leaving.write(1, 4.0);
  leaving.leave();
  REQUIRE(site.world.run_until([&] { return staying.shows(1, 4.0); }));
  CHECK(leaving.batches() == 0);
  CHECK_FALSE(leaving.answer());
}

TEMPLATE_TEST_CASE("an unchanged value is sent again only to refresh its server time", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection, {{1, TestType::kReadOnly}}, site.world.executor());
  REQUIRE(site.world.run_until([&] { return subscriber.shows(1, 0.0); }));
  const auto first = subscriber.sample(1);
  const auto batches = subscriber.batches();
  REQUIRE(site.world.run_until([&] { return subscriber.sample(1).server_time > first.server_time; }));
  CHECK(subscriber.sample(1).source_time == first.source_time);
  CHECK(subscriber.batches() <= batches + 2);
}

TEMPLATE_TEST_CASE("a connection that works is reported once, and shown in health", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto connection = site.open();
  Subscriber subscriber(*connection, {{1, TestType::kReadOnly}}, site.world.executor());
  REQUIRE(site.world.run_until([&] { return subscriber.shows(1, 0.0) && !site.reports.empty(); }));
  site.world.run_for(200ms);
  REQUIRE(site.reports.size() == 1);
  CHECK(site.reports[0] == ConnectionHealth{true, "", "plc"});
  CHECK(site.connections.health() == site.reports);
  CHECK(connection->state() == site.reports[0]);
}

TEMPLATE_TEST_CASE("instances share a connection as long as its definition is the same", "", ModbusWorld,
                   SimulatorWorld) {
  Site<TestType> site;
  const auto first = site.open();
  CHECK(site.open() == first);
  auto redeployed = site.connections.open(site.world.changed_definition()).value();
  CHECK(redeployed != first);
  CHECK(site.connections.health().size() == 2);
  redeployed.reset();
  CHECK(site.connections.health().size() == 1);
}

TEMPLATE_TEST_CASE("a subscription may outlive its connection; its writes are then refused or answered", "",
                   ModbusWorld, SimulatorWorld) {
  Site<TestType> site;
  auto connection = site.open();
  Subscriber subscriber(*connection, {{1, TestType::kWritable}}, site.world.executor());
  connection.reset();
  subscriber.write(1, 1.0);
  CHECK(site.world.run_until([&] { return subscriber.answer().has_value(); }));
}

TEST_CASE("a definition that is wrong opens nothing and says what is wrong") {
  Inbox inbox;
  Connections connections(inbox, Random(1), [](const ConnectionHealth&) {});
  auto definition = modbus_definition(502, {{"unit", "300"}, {"speed", "9600"}});
  const auto opened = connections.open(definition);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::kInvalid);
  CHECK(opened.error().findings.size() == 2);
  CHECK(connections.health().empty());
}

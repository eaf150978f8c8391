#include "agent/store/former_states.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "tests/unit/agent/store/node_disk.hpp"

namespace fieldline::store {
namespace {

TEST_CASE(
    "what an earlier release kept beside the configurations is read whole, and goes when it is elsewhere") {
  NodeDisk disk;
  REQUIRE(read_former_states(disk.database())->empty());
  REQUIRE(disk.database().write_now([](soci::session& sql) -> Result<> {
    sql << "INSERT INTO kept VALUES ('Pump1', 'values/A', x'0001ff'), ('Pump1', 'alarms/B', x'41'), "
           "('Pump2', 'values/A', x'42')";
    return {};
  }));
  const FormerStates all{{"Pump1", {{"alarms/B", "A"}, {"values/A", std::string("\0\x01\xff", 3)}}},
                         {"Pump2", {{"values/A", "B"}}}};
  CHECK(*read_former_states(disk.database()) == all);
  REQUIRE(delete_former_states(disk.database()));
  CHECK(read_former_states(disk.database())->empty());
}

TEST_CASE("states are worth keeping of instances that are configured, or damaged and deployed again") {
  NodeDisk disk;
  REQUIRE(disk.database().write_now([](soci::session& sql) -> Result<> {
    sql << "INSERT INTO configurations VALUES ('Pump1', 'r', 1, x'41')";
    sql << "INSERT INTO damaged VALUES ('Pump2', 'r', x'41')";
    sql << "INSERT INTO candidates VALUES ('Pump3', 'r', x'41')";
    return {};
  }));
  CHECK(*read_instances(disk.database()) == std::set<std::string>{"Pump1", "Pump2"});
}

}  // namespace
}  // namespace fieldline::store

#include <catch2/catch.hpp>

#include "tests/unit/agent/orders/desk_node.hpp"

using namespace fieldline;
using namespace fieldline::orders;
using namespace std::chrono_literals;

namespace {

FlatConfig shows(const std::string& instance, int number) {
  return machine(instance, std::to_string(number), {});
}

// Too large to travel in its order.
FlatConfig large(const std::string& instance) {
  auto config = machine(instance, "1", {});
  std::string noise = "-- ";
  for (unsigned i = 0, x = 1; i < 2 * wire::kMaxInlineConfig; ++i)
    noise += static_cast<char>('a' + (x = x * 1103515245 + 12345) / 65536 % 26);
  config.scripts.front().source += "\n" + noise;
  return config;
}

}  // namespace

TEST_CASE("a standby runs what it holds once it is active, and stops it again, as often as need be") {
  DeskNode node(Role::kStandby);
  REQUIRE(node.deploy(shows("Pump1", 1)).success);
  CHECK_FALSE(node.out("Pump1"));
  for (int i = 0; i < 3; ++i) {
    node.serve();
    CHECK(node.out("Pump1") == 1);
    node.stand_by();
    CHECK_FALSE(node.out("Pump1"));
  }
}

TEST_CASE("an order for the other role is refused, whichever way the role changed") {
  DeskNode node(Role::kStandby);
  CHECK(node.ends(node.send_config(OrderKind::kApply, shows("Pump1", 1))).reason == "not-active");
  node.serve();
  CHECK(node.ends(node.send_config(OrderKind::kApply, shows("Pump1", 1))).success);
  CHECK(node.ends(node.send_config(OrderKind::kHold, shows("Pump1", 2))).reason == "not-standby");
  node.stand_by();
  CHECK(node.ends(node.send_config(OrderKind::kHold, shows("Pump1", 2))).success);
  node.serve();
  CHECK(node.out("Pump1") == 2);
}

TEST_CASE("an order that waits for its bytes does not keep a change of role waiting") {
  DeskNode node(Role::kStandby);
  REQUIRE(node.deploy(shows("Pump1", 1)).success);
  node.answers_fetches = false;
  const auto hold = node.send_config(OrderKind::kHold, large("Pump2"));
  const auto behind = node.send_config(OrderKind::kHold, shows("Pump2", 1));
  REQUIRE(node.time.run_until([&] { return node.fetches > 0; }, 1min));
  node.serve();
  CHECK(node.ends(hold).reason == "role-changed");
  CHECK(node.ends(behind).reason == "not-standby");
  CHECK(node.out("Pump1") == 1);
  CHECK_FALSE(node.out("Pump2"));
}

TEST_CASE("a node that loses its role in the middle of an order runs nothing afterwards") {
  for (int microseconds = 0; microseconds < 20'000; microseconds += 500) {
    DeskNode node;
    REQUIRE(node.deploy(shows("Pump1", 1)).success);
    node.send_config(OrderKind::kApply, shows("Pump1", 2));
    node.time.run_for(Duration(microseconds));
    node.lease = false;
    node.stand_by();
    CHECK_FALSE(node.out("Pump1"));
    node.lease = true;
    node.serve();
    const auto shown = node.out("Pump1");
    CHECK((shown == 1 || shown == 2));
    CHECK(node.deploy(shows("Pump1", 3)).success);
    CHECK(node.out("Pump1") == 3);
  }
}

TEST_CASE("what a node did as the active one it tells only while its lease lasts") {
  DeskNode node;
  node.lease = false;
  const auto apply = node.send_config(OrderKind::kApply, shows("Pump1", 1));
  CHECK(node.out("Pump1") == 1);
  CHECK_FALSE(node.reports.contains(apply));
  node.stand_by();
  CHECK(node.deploy(shows("Pump1", 1)).reason == "not-active");
  CHECK(node.ends(node.send_config(OrderKind::kHold, shows("Pump1", 1))).success);
}

TEST_CASE("a node whose role changes before all has started ends with what its last role says") {
  DeskNode node(Role::kStandby);
  for (int i = 0; i < 20; ++i) REQUIRE(node.deploy(shows("Pump" + std::to_string(i), i)).success);
  bool served = false;
  node.await([&](auto done) {
    node.desk().serve([](const auto& ready) { ready(); }, [&] { served = true; });
    node.desk().stand_by(std::move(done));
  });
  CHECK(served);
  CHECK_FALSE(node.out("Pump0"));
  node.serve();
  CHECK(node.out("Pump19") == 19);
}

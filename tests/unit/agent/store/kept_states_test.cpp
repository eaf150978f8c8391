#include "agent/store/kept_states.hpp"

#include <catch2/catch.hpp>

#include "agent/store/limits.hpp"
#include "common/base/hash.hpp"
#include "tests/unit/agent/store/node_disk.hpp"

namespace fieldline::store {
namespace {

Result<> save(NodeDisk& disk, const std::string& instance, const KeptStates::States& states) {
  return disk.outcome_of([&](auto done) { disk.kept().save(instance, states, done); });
}
KeptStates::States kept(NodeDisk& disk, const std::string& instance) {
  const auto states =
      disk.answer_of<KeptStates::States>([&](auto reply) { disk.kept().load(instance, reply); });
  REQUIRE(states);
  return *states;
}
// What belongs to no instance goes at a restart.
void deploy(NodeDisk& disk, const std::string& instance) {
  Order order;
  order.instance = instance;
  order.deployment = "d-" + instance;
  order.revision = blake2b_hex("bytes");
  Report report;
  report.instance = instance;
  report.deployment = order.deployment;
  REQUIRE(disk.outcome_of([&](auto done) { disk.store().stage(order, "bytes", done); }));
  REQUIRE(disk.outcome_of([&](auto done) { disk.store().promote(order, report, done); }));
}

TEST_CASE("kept states come back after a restart, the newest of each") {
  NodeDisk disk;
  deploy(disk, "Pump1");
  deploy(disk, "Pump2");
  const std::string bytes("\0\x01", 2);
  REQUIRE(save(disk, "Pump1", {{"values/A", "old"}, {"alarms/B", bytes}}));
  REQUIRE(save(disk, "Pump1", {{"values/A", "new"}}));
  REQUIRE(save(disk, "Pump2", {{"values/A", "other"}}));
  disk.restart();
  CHECK(kept(disk, "Pump1") == KeptStates::States{{"values/A", "new"}, {"alarms/B", bytes}});
  CHECK(kept(disk, "Pump2") == KeptStates::States{{"values/A", "other"}});
  CHECK(kept(disk, "Pump3").empty());
}

TEST_CASE("what is forgotten is gone, and what belongs to no instance goes at a restart") {
  NodeDisk disk;
  deploy(disk, "Pump1");
  REQUIRE(save(disk, "Pump1", {{"values/A", "x"}}));
  REQUIRE(save(disk, "Stray", {{"values/A", "x"}}));
  REQUIRE(disk.outcome_of([&](auto done) { disk.kept().forget("Pump1", done); }));
  CHECK(kept(disk, "Pump1").empty());
  disk.restart();
  CHECK(kept(disk, "Stray").empty());
}

TEST_CASE("more than an instance may keep is refused whole") {
  NodeDisk disk;
  REQUIRE(save(disk, "Pump1", {{"values/A", "x"}}));
  const auto refused = save(disk, "Pump1", {{"values/A", "y"}, {"values/B", std::string(kKeptBytes, 'z')}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kTooLarge);
  CHECK(kept(disk, "Pump1") == KeptStates::States{{"values/A", "x"}});
  CHECK(save(disk, "Pump1", {{"values/A", ""}}).error().code == ErrorCode::kInvalid);
}

}  // namespace
}  // namespace fieldline::store

// Central never believes something false for long: restarts, lost answers, inventories, standbys.
#include <catch2/catch.hpp>

#include "common/base/hash.hpp"
#include "tests/unit/coordinator/deployment/plant.hpp"

namespace fieldline::deployment {
namespace {

TEST_CASE("what was under way at a restart has failed, and can be started again") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  plant.time.run_for(100ms);
  plant.kill();
  plant.start();
  REQUIRE(plant.status());
  CHECK(plant.status()->id == under_way->id);
  CHECK(plant.status()->state == DeploymentState::kFailed);
  CHECK(plant.status()->reason == "coordinator-failover");
  a->on_order = nullptr;
  plant.connect(*a);
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
}

TEST_CASE("killed at any moment of a deployment, central shows afterwards what really runs") {
  for (int moment = 0; moment < 60; ++moment) {
    INFO("killed after " << moment << " ms / 2");
    Plant plant;
    const auto a = plant.node(kA, Role::kActive);
    plant.deploy();
    plant.set_level("pump", 2);
    plant.central->loop->post([&] {
      plant.central->deployments->deploy("pump", {"ann", {}}, [](const Result<Deployment>&) {});
    });
    plant.time.run_for(moment * 500us);
    plant.kill();
    plant.time.run_for(1s);
    plant.start();
    plant.connect(*a);
    REQUIRE(plant.deployed());
    CHECK(plant.deployed()->revision == a->holds["pump"].revision);
    CHECK_FALSE(plant.status()->open());
    // And it is whole: its bytes are known.
    Reply<DeployedConfig> whole;
    plant.on_loop([&] { plant.central->deployments->deployed_config("pump", whole.done()); });
    REQUIRE(whole.there());
    REQUIRE(*whole);
    CHECK((*whole)->config);
  }
}

TEST_CASE("when a node restarts at any moment of a deployment, central shows afterwards what really runs") {
  for (int moment = 0; moment < 60; ++moment) {
    INFO("restarted after " << moment << " ms / 2");
    Plant plant;
    const auto a = plant.node(kA, Role::kActive);
    plant.deploy();
    plant.set_level("pump", 2);
    // It carries the order out and dies before it can say so.
    a->on_order = [&](const Order& order) { a->holds["pump"].revision = order.revision; };
    plant.central->loop->post([&] {
      plant.central->deployments->deploy("pump", {"ann", {}}, [](const Result<Deployment>&) {});
    });
    plant.time.run_for(moment * 500us);
    plant.connect(*a);
    plant.time.run_for(1s);
    CHECK(plant.deployed()->revision == a->holds["pump"].revision);
  }
}

TEST_CASE("a lost reply: the status stays no-answer, the deployed revision shows what runs") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  plant.set_level("pump", 2);
  const auto wanted = plant.derived("pump").revision;
  a->on_order = [&](const Order& order) { a->holds["pump"].revision = order.revision; };
  CHECK(plant.deploy().reason == "no-answer");
  plant.time.run_for(1s);
  CHECK(plant.status()->reason == "no-answer");
  CHECK(plant.deployed()->revision == wanted);
  Reply<Comparison> diff;
  plant.on_loop([&] { plant.central->deployments->diff("pump", diff.done()); });
  REQUIRE(diff.there());
  REQUIRE(*diff);
  CHECK((*diff)->diff.empty());
  CHECK((*diff)->deployed == wanted);
  CHECK((*diff)->derived == wanted);
}

TEST_CASE("a late report after a failure is followed") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  CHECK(plant.deploy().reason == "no-answer");
  CHECK_FALSE(plant.deployed());
  a->obey(a->orders.front());
  plant.time.run_for(1s);
  CHECK(plant.status()->reason == "no-answer");
  REQUIRE(plant.deployed());
  CHECK(plant.deployed()->revision == a->orders.front().revision);
}

TEST_CASE("the deployed snapshot follows what an active node runs, and every difference is told") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy("pump");
  plant.deploy("valve");
  const auto orders = a->orders.size();
  plant.central->changes.clear();
  a->holds["pump"] = {false, "pump", blake2b_hex("unknown to central")};
  a->holds.erase("valve");
  a->holds["stranger"] = {true, "stranger", blake2b_hex("stranger")};
  plant.connect(*a);
  CHECK(plant.deployed("pump")->revision == blake2b_hex("unknown to central"));
  CHECK_FALSE(plant.deployed("pump")->enabled);
  CHECK_FALSE(plant.deployed("valve"));
  CHECK(plant.deployed("stranger"));
  CHECK(std::count_if(plant.central->changes.begin(), plant.central->changes.end(),
                      [](const Change& change) { return !change.message.empty(); }) == 3);
  const auto told = plant.events("north");
  REQUIRE(told.size() == 3);
  for (const auto& event : told) {
    CHECK(event.category == Category::kDeployment);
    CHECK(event.source == "coordinator");
    CHECK(event.severity == Severity::kWarning);
    CHECK(event.details == R"({"node":"a"})");
  }
  // An active node is never changed without an engineer.
  CHECK(a->orders.size() == orders);
  plant.kill();
  plant.start();
  CHECK(plant.deployed("pump")->revision == blake2b_hex("unknown to central"));

  Reply<Comparison> diff;
  plant.on_loop([&] { plant.central->deployments->diff("pump", diff.done()); });
  REQUIRE(diff.there());
  REQUIRE_FALSE(*diff);
  CHECK(diff->error().code == ErrorCode::kUnavailable);
}

TEST_CASE("what differs is told once, and is still known after a restart") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  CHECK(plant.events("north").empty());
  a->holds["pump"].enabled = false;
  plant.connect(*a);
  plant.connect(*a);
  plant.kill();
  plant.start();
  plant.connect(*a);
  const auto told = plant.events("north");
  REQUIRE(told.size() == 1);
  CHECK(told.front().instance == "pump");
  CHECK(told.front().message == "north has pump disabled");
  CHECK(plant.events("south").empty());
}

TEST_CASE("what a standby missed is told when it returns, and what it refuses") {
  Plant plant;
  for (const auto* instance : {"valve", "motor"}) plant.set_level(instance, 1);
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  for (const auto* instance : {"pump", "valve", "motor"}) plant.deploy(instance);
  CHECK(plant.events("north").empty());
  b->disconnect_silently();
  plant.time.run_for(12s);
  plant.set_level("pump", 2);
  plant.deploy("pump");
  plant.finish(&Deployments::disable, "valve");
  plant.finish(&Deployments::remove, "motor");
  plant.connect(*b);
  plant.time.run_for(1s);
  std::set<std::string> told;
  for (const auto& event : plant.events("north")) told.insert(event.message.substr(0, 45));
  CHECK(told.size() == 3);
  CHECK(told.contains("the standby north/b has valve enabled"));
  CHECK(told.contains("the standby north/b still holds motor, which "));
  CHECK(b->holds["pump"].revision == plant.deployed("pump")->revision);
  // Told once: it is in line now.
  plant.connect(*b);
  CHECK(plant.events("north").size() == 3);

  b->on_order = [&](const Order& order) { b->fail(order, "disk-full", Stage::kStored); };
  plant.set_level("pump", 3);
  const auto done = plant.deploy("pump");
  const auto refused = plant.events("north").front();
  CHECK(refused.message == "the standby north/b refused to hold pump: disk-full: no");
  CHECK(refused.trace_id == done.id);
}

TEST_CASE("a new standby that holds nothing yet is told of in one event") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy("pump");
  plant.deploy("valve");
  const auto b = plant.node(kB, Role::kStandby);
  plant.time.run_for(1s);
  const auto told = plant.events("north");
  REQUIRE(told.size() == 1);
  CHECK(told.front().message == "the standby north/b holds none of 2 instances");
  CHECK(b->holds.size() == 2);
}

TEST_CASE("a node can't claim what another site has") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  const auto south = plant.node({"south", "a"}, Role::kActive);
  south->holds["pump"] = {true, "pump", blake2b_hex("mine")};
  plant.connect(*south);
  CHECK(plant.deployed()->site == "north");
  CHECK(plant.deployed()->revision == a->holds["pump"].revision);
}

TEST_CASE("after the active's success the standby holds the configuration, and the end says so") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  const auto done = plant.deploy();
  CHECK(done.standby == StandbyState::kStored);
  REQUIRE(b->orders.size() == 1);
  CHECK(b->orders.front().kind == OrderKind::kHold);
  CHECK(b->orders.front().deployment == done.id);
  CHECK(b->attachments.front() == a->attachments.front());

  CHECK(plant.finish(&Deployments::disable).standby == StandbyState::kStored);
  CHECK_FALSE(b->holds["pump"].enabled);
  const auto begun = plant.time.clock().now();
  plant.finish(&Deployments::remove);
  CHECK(b->holds.empty());
  CHECK(plant.time.clock().now() - begun < 1s);
}

TEST_CASE("a standby that is not there, behind, or refuses is shown as such, and fails no deployment") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  CHECK(plant.deploy().standby == StandbyState::kAbsent);
  const auto b = plant.node(kB, Role::kStandby);
  plant.set_level("pump", 2);
  b->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  auto done = plant.wait(under_way->id, 5s);
  CHECK(done.state == DeploymentState::kSuccess);
  CHECK(done.standby == StandbyState::kBehind);
  // The instance is free while the standby takes its time.
  b->on_order = [&](const Order& order) { b->fail(order, "disk-full", Stage::kStored); };
  plant.set_level("pump", 3);
  done = plant.deploy();
  CHECK(done.state == DeploymentState::kSuccess);
  CHECK(done.standby == StandbyState::kRefused);
  CHECK(done.standby_message.find("disk-full") != std::string::npos);
  // What is refused is not tried again and again.
  const auto orders = b->orders.size();
  plant.time.run_for(300s);
  CHECK(b->orders.size() == orders);
}

TEST_CASE("a standby that lies is not asked without end") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  b->on_order = [&](const Order& order) {
    Report lie;
    lie.success = true;
    lie.revision = blake2b_hex("something else");
    b->report(order, lie);
  };
  CHECK(plant.deploy().standby == StandbyState::kRefused);
  CHECK(b->orders.size() == 1);
}

TEST_CASE("a standby that returns is brought in line: held, dropped, disabled") {
  Plant plant;
  for (const auto* instance : {"valve", "tank", "meter"}) plant.set_level(instance, 1);
  const auto a = plant.node(kA, Role::kActive);
  for (const auto* instance : {"pump", "valve", "tank", "meter"}) plant.deploy(instance);
  plant.finish(&Deployments::disable, "tank");
  const auto b = plant.node(kB, Role::kStandby);
  plant.time.run_for(1s);
  CHECK(b->inventory() == a->inventory());
  b->disconnect_silently();
  plant.time.run_for(12s);
  plant.finish(&Deployments::enable, "tank");
  plant.finish(&Deployments::remove, "meter");
  plant.set_level("valve", 2);
  plant.deploy("valve");
  b->orders.clear();
  plant.connect(*b);
  plant.time.run_for(1s);
  CHECK(b->inventory() == a->inventory());
  CHECK(b->orders.size() == 3);
  CHECK(plant.status("valve")->standby == StandbyState::kStored);
  // In line: the next HELLO needs no page and no order.
  b->orders.clear();
  b->seen.clear();
  plant.connect(*b);
  plant.time.run_for(1s);
  CHECK(b->orders.empty());
  CHECK(b->seen[wire::Type::kInventoryQuery] == 0);
}

TEST_CASE("a standby that returns alone is brought in line before it takes over") {
  Plant plant;
  for (const auto* instance : {"valve", "meter"}) plant.set_level(instance, 1);
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  for (const auto* instance : {"pump", "valve", "meter"}) plant.deploy(instance);
  plant.time.run_for(1s);
  b->disconnect_silently();
  plant.time.run_for(12s);
  plant.set_level("valve", 2);
  plant.deploy("valve");
  plant.finish(&Deployments::disable, "pump");
  plant.finish(&Deployments::remove, "meter");
  a->disconnect_silently();
  plant.time.run_for(12s);
  b->orders.clear();
  plant.connect(*b);
  plant.time.run_for(1s);
  CHECK(b->orders.size() == 3);
  CHECK(b->inventory() == a->inventory());
}

TEST_CASE(
    "a standby alone is left alone where nothing is known to be deployed, until the active node shows what "
    "it runs") {
  Plant plant;
  const auto b = plant.node(kB, Role::kStandby);
  b->holds["pump"] = {true, "pump", blake2b_hex("all that is left")};
  plant.connect(*b);
  plant.time.run_for(60s);
  CHECK(b->orders.empty());
  CHECK_FALSE(plant.deployed());
  const auto a = plant.node(kA, Role::kActive);
  plant.time.run_for(1s);
  REQUIRE(b->orders.size() == 1);
  CHECK(b->orders.front().kind == OrderKind::kDrop);
}

TEST_CASE("after a takeover by a node that missed a deployment, the instance is stale") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  plant.deploy();
  const auto old = plant.deployed()->revision;
  b->disconnect_silently();
  plant.time.run_for(12s);
  plant.set_level("pump", 2);
  plant.deploy();
  a->disconnect_silently();
  plant.time.run_for(12s);
  b->hello.role = Role::kActive;
  b->hello.epoch = 2;
  plant.connect(*b);
  CHECK(plant.deployed()->revision == old);
  Reply<std::shared_ptr<const DerivedRevisions>> derived;
  plant.on_loop([&] { plant.central->deployments->derived_revisions(derived.done()); });
  REQUIRE(derived.there());
  CHECK(plant.central->deployments->is_stale("pump", ***derived));
  // The node that was active comes back as the standby, and is brought in line.
  a->hello.role = Role::kStandby;
  plant.connect(*a);
  plant.time.run_for(1s);
  CHECK(a->holds["pump"].revision == old);
}

TEST_CASE("stale is what would be deployed otherwise now") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  const auto stale = [&] {
    Reply<std::shared_ptr<const DerivedRevisions>> derived;
    plant.on_loop([&] { plant.central->deployments->derived_revisions(derived.done()); });
    REQUIRE(derived.there());
    std::set<std::string> names;
    for (const auto* instance : {"pump", "valve"}) {
      if (plant.central->deployments->is_stale(instance, ***derived)) names.insert(instance);
    }
    return names;
  };
  CHECK(stale().empty());
  plant.deploy("pump");
  plant.deploy("valve");
  CHECK(stale().empty());
  plant.set_level("pump", 2);
  CHECK(stale() == std::set<std::string>{"pump"});
  plant.set_level("pump", 1);
  CHECK(stale().empty());
}

}  // namespace
}  // namespace fieldline::deployment

// A deployment from the documents to a node and back.
#include <catch2/catch.hpp>

#include "tests/unit/coordinator/deployment/plant.hpp"

namespace fieldline::deployment {
namespace {

TEST_CASE("a deployment puts the derived configuration on the active node and records it before it says so") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto wanted = plant.derived("pump");
  const auto done = plant.deploy();
  CHECK(done.state == DeploymentState::kSuccess);
  CHECK(done.stage == Stage::kDone);
  CHECK(done.revision == wanted.revision);
  CHECK(done.who == "ann");
  CHECK(done.standby == StandbyState::kAbsent);
  REQUIRE(a->orders.size() == 1);
  CHECK(a->orders.front().kind == OrderKind::kApply);
  CHECK(a->orders.front().budget == 60s);
  CHECK(a->attachments.front() == wanted.bytes);
  CHECK(plant.deployed()->revision == wanted.revision);
  CHECK(plant.deployed()->enabled);
  const auto rows = plant.central->records->statuses();
  REQUIRE(rows);
  CHECK(rows->front().state == DeploymentState::kSuccess);
}

TEST_CASE("an operation is on the disk before its order leaves") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  bool open_on_disk = false;
  a->on_order = [&](const Order& order) {
    const auto rows = plant.central->records->statuses();
    open_on_disk = rows && rows->size() == 1 && rows->front().open() && rows->front().id == order.deployment;
    a->obey(order);
  };
  plant.deploy();
  CHECK(open_on_disk);
}

TEST_CASE("its states are shown as they change") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.central->changes.clear();
  plant.deploy();
  std::vector<std::pair<DeploymentState, Stage>> seen;
  for (const auto& change : plant.central->changes) {
    REQUIRE(change.status);
    const std::pair state(change.status->state, change.status->stage);
    if (seen.empty() || seen.back() != state) seen.push_back(state);
  }
  CHECK(seen ==
        std::vector<std::pair<DeploymentState, Stage>>{{DeploymentState::kPending, Stage::kQueued},
                                                       {DeploymentState::kInProgress, Stage::kSent},
                                                       {DeploymentState::kInProgress, Stage::kAccepted},
                                                       {DeploymentState::kSuccess, Stage::kDone}});
}

TEST_CASE("a second operation on an instance is refused at once, naming who holds it") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto first = plant.ask(&Deployments::deploy);
  REQUIRE(first);
  for (const auto verb : {&Deployments::deploy, &Deployments::remove}) {
    const auto second = plant.ask(verb, "pump", {"bob", {}});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::kConflict);
    CHECK(second.error().message.find(first->id) != std::string::npos);
    CHECK(second.error().message.find("ann") != std::string::npos);
  }
  CHECK(a->orders.size() == 1);
  a->obey(a->orders.front());
  CHECK(plant.wait(first->id).state == DeploymentState::kSuccess);
  a->on_order = nullptr;
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
}

TEST_CASE("an operation needs the right to it at the site that the instance is of when it begins") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto south = plant.node({"south", "a"}, Role::kActive);
  const Request at_north{"ann", {}, [](const std::string& site) { return site == "north"; }};
  const Request at_south{"sue", {}, [](const std::string& site) { return site == "south"; }};
  plant.apply("kind: Instance\nname: pump\nspec: {site: south, template: Tpump}\n");
  const auto moved = plant.ask(&Deployments::deploy, "pump", at_north);
  REQUIRE_FALSE(moved);
  CHECK(moved.error().code == ErrorCode::kForbidden);
  CHECK(moved.error().message == "pump is of the site south, where 'ann' may not do this");
  CHECK(south->orders.empty());
  CHECK(plant.ask(&Deployments::deploy, "pump", at_south));
  for (const auto verb : {&Deployments::disable, &Deployments::enable, &Deployments::remove}) {
    const auto refused = plant.ask(verb, "pump", at_north);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kForbidden);
  }
  CHECK(a->orders.empty());
}

TEST_CASE("different instances of a site are deployed at the same time") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  REQUIRE(plant.ask(&Deployments::deploy, "pump"));
  REQUIRE(plant.ask(&Deployments::deploy, "valve"));
  plant.time.run_for(100ms);
  CHECK(a->orders.size() == 2);
}

TEST_CASE("an instance whose scripts name artifacts is refused, for no site has any") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.apply(
      "kind: ExternalSystem\nname: erp\nspec: {base_url: 'http://erp'}\n---\nkind: Template\nname: Tpump\n"
      "spec: {scripts: {S: {source: 'external.send(\"erp\", 1)'}}}\n");
  const auto refused = plant.ask(&Deployments::deploy);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kValidationFailed);
  REQUIRE(refused.error().findings.size() == 1);
  CHECK(refused.error().findings.front().code == "artifact-absent");
  CHECK(refused.error().findings.front().path == "instances/pump");
  CHECK(refused.error().findings.front().message == "the artifact external-systems/erp is not at site north");
  CHECK(a->orders.empty());
  CHECK_FALSE(plant.status());
  plant.set_level("pump", 2);
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
}

TEST_CASE("what does not validate is refused with all findings, nothing is sent and the status stays") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto good = plant.deploy();
  // Unbound: an address that no binding places.
  plant.apply(
      "kind: Template\nname: Tpump\nspec: {attributes: {X: {type: bool, address: 'coil:1'}, "
      "Y: {type: bool, address: 'coil:2'}}}\n");
  const auto refused = plant.ask(&Deployments::deploy);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kValidationFailed);
  CHECK(refused.error().findings.size() == 2);
  CHECK(a->orders.size() == 1);
  CHECK(plant.status() == good);
  CHECK(plant.ask(&Deployments::deploy, "nobody").error().code == ErrorCode::kNotFound);
  // The instance is free again.
  plant.set_level("pump", 2);
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
}

TEST_CASE("only what was reviewed is deployed") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto reviewed = plant.derived("pump").revision;
  plant.set_level("pump", 2);
  const auto refused = plant.ask(&Deployments::deploy, "pump", {"ann", reviewed});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kPreconditionFailed);
  CHECK_FALSE(plant.status());
  CHECK(plant.ask(&Deployments::deploy, "pump", {"ann", plant.derived("pump").revision}));
}

TEST_CASE("a site that can't take an order fails the deployment at once, with its reason") {
  Plant plant;
  SECTION("nobody there") {
    const auto failed = plant.ask(&Deployments::deploy);
    REQUIRE(failed);
    CHECK(failed->state == DeploymentState::kFailed);
    CHECK(failed->reason == "site-unreachable");
  }
  SECTION("only a standby") {
    const auto b = plant.node(kB, Role::kStandby);
    const auto failed = plant.ask(&Deployments::deploy);
    REQUIRE(failed);
    CHECK(failed->reason == "no-active-node");
    CHECK(b->orders.empty());
  }
  CHECK(plant.central->records->statuses()->front().state == DeploymentState::kFailed);
  CHECK_FALSE(plant.deployed());
}

TEST_CASE("a session lost in mid-order fails the deployment as soon as that is known") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  REQUIRE(under_way);
  plant.time.run_for(100ms);
  SECTION("by silence") {
    a->disconnect_silently();
    CHECK(plant.wait(under_way->id, 13s).reason == "connection-lost");
    CHECK(plant.ask(&Deployments::deploy)->reason == "site-unreachable");
  }
  SECTION("by a new session") {
    a->connect();
    CHECK(plant.wait(under_way->id, 1s).reason == "connection-lost");
  }
}

TEST_CASE("a node that does not report within the deadline: no-answer, and the instance is free") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  CHECK(plant.wait(under_way->id, 59s).open());
  const auto failed = plant.wait(under_way->id, 2s);
  CHECK(failed.reason == "no-answer");
  CHECK(failed.stage == Stage::kAccepted);
  CHECK_FALSE(plant.deployed());
  a->on_order = nullptr;
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
}

TEST_CASE("a node that refuses: its reason and findings, and the old revision stays deployed") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  const auto old = plant.deployed();
  plant.set_level("pump", 2);
  a->on_order = [&](const Order& order) { a->fail(order, "does-not-compile", Stage::kCompiled); };
  const auto failed = plant.deploy();
  CHECK(failed.state == DeploymentState::kFailed);
  CHECK(failed.reason == "does-not-compile");
  CHECK(failed.stage == Stage::kCompiled);
  CHECK(plant.deployed() == old);
}

TEST_CASE("more orders than the window wait as pending, and all end") {
  Plant plant;
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "---\nkind: Instance\nname: P" + std::to_string(i) + "\nspec: {site: north, template: Tpump}\n";
  plant.apply(text);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    const auto under_way = plant.ask(&Deployments::deploy, "P" + std::to_string(i));
    REQUIRE(under_way);
    ids.push_back(under_way->id);
  }
  plant.time.run_for(100ms);
  CHECK(plant.status("P31")->state == DeploymentState::kInProgress);
  CHECK(plant.status("P32")->state == DeploymentState::kPending);
  a->on_order = nullptr;
  const auto in_flight = a->orders;
  for (const auto& order : in_flight) a->obey(order);
  for (const auto& id : ids) CHECK(plant.wait(id).state == DeploymentState::kSuccess);
}

TEST_CASE("numbers of orders rise, over restarts too") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  plant.deploy();
  plant.kill();
  plant.start();
  plant.connect(*a);
  plant.deploy();
  REQUIRE(a->orders.size() == 3);
  CHECK(a->orders[0].number < a->orders[1].number);
  CHECK(a->orders[1].number < a->orders[2].number);
  CHECK(a->terms.front() < a->terms.back());
}

TEST_CASE("disable and enable stop and resume what is deployed, and nothing else") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  CHECK(plant.ask(&Deployments::disable).error().code == ErrorCode::kConflict);
  plant.deploy();
  const auto since = plant.deployed()->since;
  CHECK(plant.finish(&Deployments::disable).state == DeploymentState::kSuccess);
  CHECK_FALSE(plant.deployed()->enabled);
  CHECK(plant.deployed()->since == since);
  CHECK(plant.deployed()->revision == plant.derived("pump").revision);
  CHECK(plant.finish(&Deployments::enable).state == DeploymentState::kSuccess);
  CHECK(plant.deployed()->enabled);
}

TEST_CASE("a delete removes the instance from central once the site has confirmed") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  CHECK(plant.finish(&Deployments::remove).state == DeploymentState::kSuccess);
  CHECK(a->holds.empty());
  CHECK_FALSE(plant.deployed());
  CHECK_FALSE(plant.status());
  CHECK(plant.central->catalog->library()->find(templates::DocumentKind::kInstance, "pump") == nullptr);
  CHECK(plant.central->records->statuses()->empty());
  CHECK(plant.ask(&Deployments::remove).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a delete that the site does not confirm changes nothing") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy();
  SECTION("unreachable") {
    a->disconnect_silently();
    plant.time.run_for(12s);
    CHECK(plant.finish(&Deployments::remove).reason == "site-unreachable");
  }
  SECTION("refused") {
    a->on_order = [&](const Order& order) { a->fail(order, "disk-full", Stage::kStored); };
    CHECK(plant.finish(&Deployments::remove).reason == "disk-full");
  }
  CHECK(plant.deployed());
  CHECK(plant.central->catalog->library()->find(templates::DocumentKind::kInstance, "pump") != nullptr);
}

TEST_CASE("what no site ever had is removed without asking one") {
  Plant plant;
  const auto gone = plant.finish(&Deployments::remove);
  CHECK(gone.state == DeploymentState::kSuccess);
  CHECK(plant.central->catalog->library()->find(templates::DocumentKind::kInstance, "pump") == nullptr);
}

TEST_CASE("what a site may have, because it never answered, is not removed without it") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  CHECK(plant.deploy().reason == "no-answer");
  a->disconnect_silently();
  plant.time.run_for(12s);
  CHECK(plant.finish(&Deployments::remove).reason == "site-unreachable");
  CHECK(plant.central->catalog->library()->find(templates::DocumentKind::kInstance, "pump") != nullptr);
}

TEST_CASE("what is deployed is engaged, and so is what is about to be") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  CHECK_FALSE(plant.central->deployments->engaged("pump"));
  a->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  CHECK(plant.central->deployments->engaged("pump"));
  CHECK(plant.wait(under_way->id).reason == "no-answer");
  CHECK_FALSE(plant.central->deployments->engaged("pump"));
  a->on_order = nullptr;
  plant.deploy();
  CHECK(plant.central->deployments->engaged("pump"));
}

TEST_CASE("a wait ends at its limit with the present state, and is refused for what is unknown") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto under_way = plant.ask(&Deployments::deploy);
  const auto begun = plant.time.clock().now();
  CHECK(plant.wait(under_way->id, 5s).state == DeploymentState::kInProgress);
  CHECK(plant.time.clock().now() - begun >= 5s);
  Reply<Deployment> unknown;
  plant.on_loop([&] { plant.central->deployments->wait("no-such-id", 5s, unknown.done()); });
  REQUIRE(unknown.there());
  CHECK(unknown->error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace fieldline::deployment

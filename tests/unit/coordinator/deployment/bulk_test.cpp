// Deploying many instances of a site at once.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "coordinator/deployment/limits.hpp"
#include "tests/unit/coordinator/deployment/plant.hpp"

namespace fieldline::deployment {
namespace {

// P000, P001 … of one template, the even ones in area "west", the odd ones in "west/low".
void add_instances(Plant& plant, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text +=
        fmt::format("---\nkind: Instance\nname: P{:03}\nspec: {{site: north, template: Tpump, area: {}}}\n",
                    i, i % 2 == 0 ? "west" : "west/low");
  }
  plant.apply(text);
}

BulkSelection all_pumps() {
  BulkSelection selection;
  selection.template_name = "Tpump";
  selection.area = "west";
  return selection;
}

BulkSelection named(std::vector<std::string> instances) {
  BulkSelection selection;
  selection.instances = std::move(instances);
  return selection;
}

Result<Bulk> begin_bulk(Plant& plant, BulkSelection selection, std::optional<std::size_t> stop_after = {}) {
  Reply<Bulk> begun;
  plant.central->loop->post([&] {
    plant.central->deployments->deploy_all("north", {std::move(selection), stop_after, "ann"}, begun.done());
  });
  REQUIRE(plant.time.run_until([&] { return begun.there(); }, 5s));
  return *begun;
}

Bulk end_of(Plant& plant, const std::string& id, Duration up_to = 300s) {
  Reply<Bulk> ended;
  plant.central->loop->post([&] { plant.central->deployments->wait_for_bulk(id, up_to, ended.done()); });
  REQUIRE(plant.time.run_until([&] { return ended.there(); }, up_to + 1s));
  REQUIRE(*ended);
  return **ended;
}

BulkPage page_of(Plant& plant, const std::string& id, const BulkQuery& query = {"", 1000, {}}) {
  auto page = plant.central->deployments->bulk(id, query);
  REQUIRE(page);
  return *page;
}

BulkOutcome outcome_of(Plant& plant, const std::string& id, const std::string& instance) {
  for (const auto& outcome : page_of(plant, id).instances) {
    if (outcome.instance == instance) return outcome;
  }
  FAIL(instance + " is not of this bulk");
  return {};
}

TEST_CASE("a bulk deploys all instances of its selection, each with a deployment of its own") {
  Plant plant;
  add_instances(plant, 200);
  const auto a = plant.node(kA, Role::kActive);
  const auto begun = begin_bulk(plant, all_pumps());
  REQUIRE(begun);
  CHECK(begun->who == "ann");
  CHECK(begun->counts.waiting + begun->counts.under_way == 200);
  const auto ended = end_of(plant, begun->id);
  CHECK(ended.counts == BulkCounts{0, 0, 200, 0, 0});
  CHECK(ended.over());
  CHECK(a->holds.size() == 200);
  for (const auto& outcome : page_of(plant, begun->id).instances) {
    REQUIRE(plant.status(outcome.instance));
    CHECK(plant.status(outcome.instance)->id == outcome.deployment);
    CHECK(plant.deployed(outcome.instance)->revision == a->holds[outcome.instance].revision);
  }
  CHECK_FALSE(plant.status("pump"));  // of no area
}

TEST_CASE("the writes of a bulk share their commits") {
  Plant plant;
  add_instances(plant, 200);
  const auto a = plant.node(kA, Role::kActive);
  const auto begun = begin_bulk(plant, all_pumps());
  const auto start = plant.time.clock().now();
  end_of(plant, begun->id);
  // Two writes each, and a commit takes a millisecond.
  CHECK(plant.time.clock().now() - start < 100ms);
}

TEST_CASE("a bulk ends at its site: who may deploy there may not deploy what has moved away meanwhile") {
  Plant plant;
  add_instances(plant, 100);
  const auto a = plant.node(kA, Role::kActive);
  const auto south = plant.node({"south", "a"}, Role::kActive);
  a->on_order = [](const Order&) {};  // so that the last ones wait for their turn
  const auto begun = begin_bulk(plant, all_pumps());
  plant.apply("kind: Instance\nname: P099\nspec: {site: south, template: Tpump, area: west/low}\n");
  CHECK(end_of(plant, begun->id).over());
  const auto moved = outcome_of(plant, begun->id, "P099");
  CHECK(moved.state == BulkState::kFailed);
  CHECK(moved.reason == "conflict");
  CHECK(moved.message == "P099 is of the site south by now");
  CHECK(south->orders.empty());
}

TEST_CASE("an area takes in what is below it, and conditions are all to hold") {
  Plant plant;
  add_instances(plant, 10);
  auto selection = all_pumps();
  selection.area = "west/low";
  CHECK(begin_bulk(plant, selection)->counts.waiting == 5);
  selection.instances = {"P001", "P001", "P002"};
  const auto begun = begin_bulk(plant, selection);
  REQUIRE(begun);
  const auto page = page_of(plant, begun->id);
  REQUIRE(page.instances.size() == 1);
  CHECK(page.instances.front().instance == "P001");
}

TEST_CASE("a bulk of what is stale deploys that and nothing else") {
  Plant plant;
  plant.set_level("valve", 1);
  plant.set_level("never", 1);
  const auto a = plant.node(kA, Role::kActive);
  plant.deploy("pump");
  plant.deploy("valve");
  plant.set_level("valve", 2);
  BulkSelection stale;
  stale.stale = true;
  const auto begun = begin_bulk(plant, stale);
  REQUIRE(begun);
  CHECK(end_of(plant, begun->id).counts == BulkCounts{0, 0, 1, 0, 0});
  CHECK(page_of(plant, begun->id).instances.front().instance == "valve");
  CHECK(plant.deployed("valve")->revision == plant.derived("valve").revision);
  CHECK_FALSE(plant.deployed("never"));
  // Nothing is left to do: it is over as it begins.
  CHECK(begin_bulk(plant, stale)->over());
}

TEST_CASE("an instance that is not at the site is refused, and nothing is begun") {
  Plant plant;
  plant.set_level("elsewhere", 1, "south");
  const auto a = plant.node(kA, Role::kActive);
  for (const auto* stranger : {"elsewhere", "nobody"}) {
    const auto refused = begin_bulk(plant, named({"pump", stranger}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kNotFound);
    CHECK(refused.error().message.find(stranger) != std::string::npos);
  }
  plant.time.run_for(1s);
  CHECK(a->orders.empty());
}

TEST_CASE("an instance that another operation holds is skipped, naming the holder") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [&](const Order& order) {
    if (order.instance == "valve") a->obey(order);
  };
  const auto holder = plant.ask(&Deployments::deploy, "pump", {"bob", {}});
  REQUIRE(holder);
  const auto begun = begin_bulk(plant, named({"pump", "valve"}));
  CHECK(end_of(plant, begun->id).counts == BulkCounts{0, 1, 1, 0, 0});
  const auto skipped = outcome_of(plant, begun->id, "pump");
  CHECK(skipped.state == BulkState::kSkipped);
  CHECK(skipped.reason == "held");
  CHECK(skipped.message.find(holder->id) != std::string::npos);
  CHECK(skipped.message.find("bob") != std::string::npos);
  CHECK(plant.status("pump")->id == holder->id);
}

TEST_CASE("what a bulk holds is held: who comes second is refused, naming who began it") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto begun = begin_bulk(plant, named({"pump"}));
  plant.time.run_for(100ms);
  const auto refused = plant.ask(&Deployments::deploy, "pump", {"bob", {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK(refused.error().message.find("ann") != std::string::npos);
}

TEST_CASE("what does not validate has failed with its findings; nothing of it is sent, its status stays") {
  Plant plant;
  plant.set_level("valve", 1);
  const auto a = plant.node(kA, Role::kActive);
  const auto good = plant.deploy("valve");
  plant.apply("kind: Template\nname: Tvalve\nspec: {attributes: {X: {type: bool, address: 'coil:1'}}}\n");
  const auto orders = a->orders.size();
  const auto begun = begin_bulk(plant, named({"pump", "valve"}));
  CHECK(end_of(plant, begun->id).counts == BulkCounts{1, 0, 1, 0, 0});
  const auto failed = outcome_of(plant, begun->id, "valve");
  CHECK(failed.reason == "validation-failed");
  CHECK(failed.deployment.empty());
  CHECK(failed.findings.size() == 1);
  CHECK(a->orders.size() == orders + 1);
  CHECK(plant.status("valve") == good);
  CHECK_FALSE(begin_bulk(plant, named({"valve"}))->over());  // it is free again
}

TEST_CASE("after so many failures no more are begun, and those under way end") {
  Plant plant;
  add_instances(plant, 200);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [&](const Order& order) { a->fail(order, "does-not-compile", Stage::kCompiled); };
  const auto begun = begin_bulk(plant, all_pumps(), 3);
  const auto ended = end_of(plant, begun->id);
  CHECK(ended.stopped);
  CHECK(ended.counts.failed >= 3);
  CHECK(ended.counts.failed <= 3 + kBulkWindow);
  CHECK(ended.counts.failed + ended.counts.skipped == 200);
  CHECK(a->orders.size() == ended.counts.failed);
  const auto last = outcome_of(plant, begun->id, "P199");
  CHECK(last.state == BulkState::kSkipped);
  CHECK(last.reason == "stopped");
  // Nobody holds them.
  a->on_order = nullptr;
  CHECK(end_of(plant, begin_bulk(plant, all_pumps())->id).counts.succeeded == 200);
}

TEST_CASE("an unreachable site fails each instance with its reason") {
  Plant plant;
  add_instances(plant, 100);
  const auto begun = begin_bulk(plant, all_pumps());
  CHECK(end_of(plant, begun->id).counts == BulkCounts{100, 0, 0, 0, 0});
  CHECK(outcome_of(plant, begun->id, "P007").reason == "site-unreachable");
  CHECK(plant.status("P007")->reason == "site-unreachable");
}

TEST_CASE("a bulk has no more than its window under way, and lets single deploys through") {
  Plant plant;
  add_instances(plant, 200);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto begun = begin_bulk(plant, all_pumps());
  plant.time.run_for(1s);
  const auto bulk = page_of(plant, begun->id).bulk;
  CHECK(bulk.counts.under_way > 32);
  CHECK(bulk.counts.under_way <= kBulkWindow);
  CHECK(bulk.counts.waiting == 200 - bulk.counts.under_way);
  CHECK(a->orders.size() == 32);
  CHECK(plant.ask(&Deployments::deploy, "pump"));
}

TEST_CASE("instances of a bulk are shown in pages, and by how they stand") {
  Plant plant;
  add_instances(plant, 10);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [&](const Order& order) {
    if (order.instance == "P004") return a->fail(order, "disk-full", Stage::kStored);
    a->obey(order);
  };
  const auto begun = begin_bulk(plant, all_pumps());
  end_of(plant, begun->id);
  const auto first = page_of(plant, begun->id, {"", 4, {}});
  REQUIRE(first.instances.size() == 4);
  CHECK(first.next == "P003");
  CHECK(page_of(plant, begun->id, {first.next, 10, {}}).instances.front().instance == "P004");
  const auto failed = page_of(plant, begun->id, {"", 4, BulkState::kFailed});
  REQUIRE(failed.instances.size() == 1);
  CHECK(failed.instances.front().reason == "disk-full");
  CHECK(failed.next.empty());
}

TEST_CASE("the progress of a bulk is told, instance by instance and at its end") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  std::vector<BulkProgress> told;
  plant.central->deployments->on_bulk([&](const BulkProgress& progress) { told.push_back(progress); });
  const auto begun = begin_bulk(plant, named({"pump"}));
  end_of(plant, begun->id);
  REQUIRE(told.size() == 3);
  CHECK(told[0].instance->state == BulkState::kUnderWay);
  CHECK(told[1].instance->state == BulkState::kSucceeded);
  CHECK(told[1].bulk.counts.succeeded == 1);
  CHECK_FALSE(told[2].instance);
  CHECK(told[2].bulk.over());
}

TEST_CASE("after a restart a bulk is not known any more, and what it had open has failed") {
  Plant plant;
  add_instances(plant, 100);
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto begun = begin_bulk(plant, all_pumps());
  plant.time.run_for(1s);
  plant.kill();
  plant.start();
  const auto gone = plant.central->deployments->bulk(begun->id, {"", 10, {}});
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == ErrorCode::kNotFound);
  CHECK(plant.status("P000")->reason == "coordinator-failover");
  CHECK_FALSE(plant.status("P099"));
  a->on_order = nullptr;
  plant.connect(*a);
  CHECK(end_of(plant, begin_bulk(plant, all_pumps())->id).counts.succeeded == 100);
}

TEST_CASE("bulks that are over make room for new ones, those under way do not") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto kept = begin_bulk(plant, named({"pump"}));
  BulkSelection stale;
  stale.stale = true;
  const auto first = begin_bulk(plant, stale);
  REQUIRE(first->over());
  for (std::size_t i = 0; i < kMaxBulks; ++i) {
    plant.central->loop->post([&] {
      plant.central->deployments->deploy_all("north", {stale, {}, "ann"}, [](const Result<Bulk>&) {});
    });
    if (i % 100 == 0) plant.time.run_for(200ms);
  }
  plant.time.run_for(1s);
  CHECK_FALSE(plant.central->deployments->bulk(first->id, {"", 1, {}}));
  CHECK(plant.central->deployments->bulk(kept->id, {"", 1, {}}));
}

}  // namespace
}  // namespace fieldline::deployment

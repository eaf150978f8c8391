// How operations on instances end is recorded, whoever asked for them and whatever became of them.
#include "coordinator/audit/operation_ends.hpp"

#include <catch2/catch.hpp>

#include "coordinator/audit/limits.hpp"
#include "tests/unit/coordinator/audit/recorded.hpp"

namespace fieldline::audit::test {
namespace {

using namespace std::chrono_literals;
using deployment::Deployments;
using deployment::Plant;

}  // namespace

TEMPLATE_LIST_TEST_CASE("the end of a deployment says who, from which revision to which, and what it changed",
                        "", sql::Places) {
  RecordedPlant<TestType> plant;
  Recorded recorded(plant);
  const auto node = plant.node(deployment::kA, Role::kActive);
  const auto first = plant.deploy();
  REQUIRE(first.state == deployment::DeploymentState::kSuccess);
  plant.set_level("pump", 2);
  const auto second = plant.deploy();
  REQUIRE(second.state == deployment::DeploymentState::kSuccess);
  const auto entries = recorded.entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].action == database::kOperationEnded);
  CHECK(entries[0].who == "ann");
  CHECK(entries[0].kind == kCoordinator);
  CHECK(entries[0].deployment == first.id);
  CHECK(entries[0].result == "success");
  CHECK(entries[0].site == "north");
  CHECK(entries[0].instance == "pump");
  CHECK(details_of(entries[0]).at("revision_before") == "");
  CHECK(details_of(entries[0]).at("changes").at("added") == 2);
  CHECK(details_of(entries[0]).at("changes").at("names") ==
        Json{"added attribute Level", "added instance pump"});
  CHECK(details_of(entries[1]).at("revision_before") == first.revision);
  CHECK(details_of(entries[1]).at("revision") == second.revision);
  CHECK(details_of(entries[1]).at("changes").at("changed") == 1);
  CHECK(details_of(entries[1]).at("stage") == "done");
}

TEMPLATE_LIST_TEST_CASE("a failed operation says at which stage and why, and one of each kind ends once", "",
                        sql::Places) {
  RecordedPlant<TestType> plant;
  Recorded recorded(plant);
  const auto unreachable = plant.deploy();
  REQUIRE(unreachable.reason == "site-unreachable");
  const auto node = plant.node(deployment::kA, Role::kActive);
  plant.deploy();
  plant.finish(&Deployments::disable);
  plant.finish(&Deployments::enable);
  plant.finish(&Deployments::remove);
  const auto entries = recorded.entries();
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].result == "failed");
  CHECK(details_of(entries[0]).at("reason") == "site-unreachable");
  CHECK(details_of(entries[0]).at("stage") == "queued");
  const std::vector<std::string> kinds{"deploy", "deploy", "disable", "enable", "delete"};
  for (std::size_t i = 0; i < kinds.size(); ++i) CHECK(details_of(entries[i]).at("operation") == kinds[i]);
  CHECK(details_of(entries[4]).at("revision_before") == details_of(entries[1]).at("revision"));
}

TEMPLATE_LIST_TEST_CASE(
    "what a restart fails, and what ended unrecorded, is recorded at the next start, once", "", sql::Places) {
  RecordedPlant<TestType> plant;
  const auto unrecorded = plant.deploy();
  auto recorded = std::make_unique<Recorded>(plant);
  auto entries = recorded->entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].deployment == unrecorded.id);
  CHECK(details_of(entries[0]).at("found_at_start") == true);
  auto node = plant.node(deployment::kA, Role::kActive);
  node->on_order = [](const Order&) {};
  const auto open = plant.ask(&Deployments::deploy);
  REQUIRE(open);
  recorded.reset();
  plant.kill();
  plant.start();
  recorded = std::make_unique<Recorded>(plant);
  entries = recorded->entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].deployment == open->id);
  CHECK(details_of(entries[1]).at("reason") == "coordinator-failover");
}

TEST_CASE("the names that a summary lists are bounded") {
  templates::Diff diff;
  for (std::size_t i = 0; i < 3 * kNames; ++i) {
    templates::MemberChange change;
    change.name = "A" + std::to_string(i);
    change.change = i % 2 == 0 ? templates::ChangeKind::kAdded : templates::ChangeKind::kRemoved;
    diff.members.push_back(change);
  }
  const auto summary = summary_of(diff);
  CHECK(summary.at("names").size() == kNames);
  CHECK(summary.at("names_cut") == true);
  CHECK(summary.at("added") == summary.at("removed"));
}

}  // namespace fieldline::audit::test

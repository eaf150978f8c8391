#include "coordinator/artifacts/artifacts.hpp"

#include <fmt/format.h>

#include "tests/unit/coordinator/deployment/plant.hpp"

using namespace fieldline;
using namespace fieldline::artifacts;
using deployment::Deployments;
using deployment::kA;
using deployment::kB;
using deployment::Plant;
using namespace std::chrono_literals;

namespace {

const sites::NodeId kSouth{"south", "a"};
using Sites = std::vector<std::string>;
using Keys = std::vector<std::string>;

constexpr std::string_view kShared = R"(
kind: SharedScript
name: filters
spec: {source: "return {}"}
---
kind: ExternalSystem
name: erp
spec: {base_url: "http://erp", auth: {kind: bearer, token: s3cret}}
)";

constexpr std::string_view kNeedy = R"(
kind: Template
name: Tpump
spec: {scripts: {S: {source: 'external.send("erp", shared.filters)'}}}
)";

class ArtifactPlant : public Plant {
 public:
  ArtifactPlant() { apply(std::string(kShared)); }

  Result<Begun> deploy_artifacts(const Sites& to, const std::string& who = "ann") {
    deployment::Reply<Begun> reply;
    central->loop->post([&] { central->artifacts->deploy(to, who, reply.done()); });
    REQUIRE(time.run_until([&] { return reply.there(); }, 1s));
    time.run_for(100ms);
    return *reply;
  }
  Result<Begun> retry(const std::string& site) {
    deployment::Reply<Begun> reply;
    central->loop->post([&] { central->artifacts->retry(site, "bob", reply.done()); });
    REQUIRE(time.run_until([&] { return reply.there(); }, 1s));
    time.run_for(100ms);
    return *reply;
  }
  [[nodiscard]] SiteRecord record(const std::string& site) const { return central->artifacts->record(site); }
  [[nodiscard]] ArtifactDeployment row(const std::string& site) const {
    const auto now = record(site).deployment;
    REQUIRE(now);
    return *now;
  }
  [[nodiscard]] Cell cell(const std::string& site, const std::string& key) const {
    return record(site).artifacts.at(key);
  }
  [[nodiscard]] StandbyState standing(const std::string& site, std::size_t node) const {
    return record(site).nodes.at(node).state;
  }
};

constexpr auto kErp = "external-systems/erp";
constexpr auto kFilters = "shared-scripts/filters";

}  // namespace

TEST_CASE(
    "both nodes of a site get all artifacts, with their secrets, and hold them in central's revisions") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto b = plant.node(kB, Role::kStandby);
  CHECK(plant.cell("north", kErp) == Cell::kAbsent);
  CHECK(plant.cell("south", kErp) == Cell::kUnknown);
  const auto begun = plant.deploy_artifacts({"north"});
  REQUIRE(begun);
  CHECK(begun->sites == Sites{"north"});
  const auto row = plant.row("north");
  CHECK(row.deployment == begun->deployment);
  CHECK(row.state == DeploymentState::kSuccess);
  CHECK(row.who == "ann");
  CHECK(row.finished);
  CHECK(a->artifact_inventory() == plant.central->artifacts->wanted());
  CHECK(b->artifact_inventory() == plant.central->artifacts->wanted());
  CHECK(std::get<ExternalSystem>(a->documents.at(kErp)).auth.secret == "s3cret");
  CHECK(std::get<SharedScript>(b->documents.at(kFilters)).source == "return {}");
  CHECK(plant.cell("north", kErp) == Cell::kCurrent);
  CHECK(plant.standing("north", 0) == StandbyState::kStored);
  CHECK(plant.standing("north", 1) == StandbyState::kStored);
}

TEST_CASE("only what changed travels, and what is no document any more goes") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  REQUIRE(plant.deploy_artifacts({"north"}));
  plant.apply(
      "kind: ExternalSystem\nname: erp\nspec: {base_url: 'http://erp', auth: {kind: bearer, token: n3w}}\n");
  CHECK(plant.cell("north", kErp) == Cell::kOlder);
  CHECK(plant.cell("north", kFilters) == Cell::kCurrent);
  CHECK(plant.standing("north", 0) == StandbyState::kBehind);
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(a->brought == std::vector<Keys>{{kErp, kFilters}, {kErp}});
  CHECK(std::get<ExternalSystem>(a->documents.at(kErp)).auth.secret == "n3w");
  deployment::Reply<Revision> removed;
  plant.on_loop([&] {
    plant.central->catalog->remove({templates::DocumentKind::kSharedScript, "filters"}, "*", "ann",
                                   removed.done());
  });
  REQUIRE(*removed);
  CHECK(plant.cell("north", kFilters) == Cell::kObsolete);
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(a->brought.back().empty());
  CHECK_FALSE(a->artifacts.contains(kFilters));
}

TEST_CASE("each site ends on its own, and one that failed is retried in the same record") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto begun = plant.deploy_artifacts({"north", "south"});
  REQUIRE(begun);
  CHECK(plant.row("north").state == DeploymentState::kSuccess);
  CHECK(plant.row("south").state == DeploymentState::kFailed);
  CHECK(plant.row("south").reason == "site-unreachable");
  CHECK(plant.cell("south", kErp) == Cell::kFailed);
  CHECK(plant.retry("north").error().code == ErrorCode::kConflict);
  CHECK(plant.retry("east").error().code == ErrorCode::kNotFound);
  const auto south = plant.node(kSouth, Role::kActive);
  CHECK(south->artifacts.empty());  // nothing is retried by itself
  const auto again = plant.retry("south");
  REQUIRE(again);
  CHECK(again->deployment == begun->deployment);
  CHECK(plant.row("south").state == DeploymentState::kSuccess);
  CHECK(plant.row("south").who == "bob");
  CHECK(plant.row("south").deployment == begun->deployment);
  CHECK(south->artifact_inventory() == a->artifact_inventory());
  CHECK(a->brought.size() == 1);
}

TEST_CASE("what a node refuses is told with its findings, and what it held stays") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  REQUIRE(plant.deploy_artifacts({"north"}));
  plant.apply("kind: SharedScript\nname: filters\nspec: {source: 'return 2'}\n");
  a->on_order = [&](const Order& order) {
    Report bad;
    bad.reason = "does-not-compile";
    bad.message = "no";
    bad.stage = Stage::kCompiled;
    bad.findings = {{"lua-syntax", "unexpected symbol", "shared-scripts/filters:1"}};
    bad.revision = wire::artifacts_digest(a->artifact_inventory());
    a->report(order, bad);
  };
  REQUIRE(plant.deploy_artifacts({"north"}));
  const auto row = plant.row("north");
  CHECK(row.state == DeploymentState::kFailed);
  CHECK(row.reason == "does-not-compile");
  CHECK(row.findings.size() == 1);
  CHECK(plant.cell("north", kFilters) == Cell::kFailed);
  CHECK(plant.cell("north", kErp) == Cell::kCurrent);
}

TEST_CASE("one word says how a site stands with its artifacts, and why it failed") {
  ArtifactPlant plant;
  const auto state = [&] { return plant.central->artifacts->outline("north").state; };
  const auto edit = [&](int to) {
    plant.apply(fmt::format("kind: SharedScript\nname: filters\nspec: {{source: 'return {}'}}\n", to));
  };
  CHECK(state() == SiteStanding::kUnknown);
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(plant.central->artifacts->outline("north").message.starts_with("site-unreachable: "));
  CHECK(state() == SiteStanding::kFailed);
  const auto a = plant.node(kA, Role::kActive);
  auto b = plant.node(kB, Role::kStandby);
  REQUIRE(plant.retry("north"));
  CHECK(plant.central->artifacts->outline("north") == SiteOutline{{}, SiteStanding::kCurrent});
  edit(2);
  CHECK(state() == SiteStanding::kBehind);
  b->on_order = [&](const Order& order) {
    Report bad;
    bad.reason = "no-room";
    bad.message = "the disk is full";
    bad.stage = Stage::kStored;
    b->report(order, bad);
  };
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(plant.central->artifacts->outline("north") ==
        SiteOutline{"b: no-room: the disk is full", SiteStanding::kFailed});
  b->disconnect_silently();
  plant.time.run_for(15s);
  CHECK(state() == SiteStanding::kCurrent);
  // What it held stands, while it is away.
  a->disconnect_silently();
  plant.time.run_for(15s);
  CHECK(state() == SiteStanding::kCurrent);
  edit(3);
  CHECK(state() == SiteStanding::kBehind);
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(state() == SiteStanding::kFailed);
}

TEST_CASE("a site has one delivery at a time, and who comes second is told who holds it") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto south = plant.node(kSouth, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto begun = plant.deploy_artifacts({"north"});
  REQUIRE(begun);
  CHECK(plant.row("north").state == DeploymentState::kInProgress);
  const auto second = plant.deploy_artifacts({"north", "south"}, "bob");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kConflict);
  REQUIRE(second.error().findings.size() == 1);
  CHECK(second.error().findings[0].path == "sites/north");
  CHECK(second.error().findings[0].message.find(begun->deployment) != std::string::npos);
  CHECK(second.error().findings[0].message.find("ann") != std::string::npos);
  CHECK_FALSE(plant.record("south").deployment);
  CHECK(plant.retry("north").error().code == ErrorCode::kConflict);
  // After the deadline it is free again.
  plant.time.run_for(61s);
  CHECK(plant.row("north").reason == "no-answer");
  a->on_order = nullptr;
  CHECK(plant.deploy_artifacts({"north", "south"}, "bob"));
  CHECK(plant.row("north").state == DeploymentState::kSuccess);
}

TEST_CASE(
    "a delivery that was under way when the coordinator died has failed, and the nodes say what they hold") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto begun = plant.deploy_artifacts({"north"});
  REQUIRE(begun);
  a->obey(a->orders.back());  // done, and its report is lost
  plant.kill();
  plant.start();
  CHECK(plant.row("north").reason == "coordinator-failover");
  CHECK(plant.cell("north", kErp) == Cell::kFailed);
  a->on_order = nullptr;
  plant.connect(*a);
  CHECK(plant.cell("north", kErp) == Cell::kCurrent);
  CHECK(plant.row("north").deployment == begun->deployment);
  REQUIRE(plant.retry("north"));
  CHECK(a->brought.back().empty());
}

TEST_CASE("a standby that was away gets what the active node has") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  REQUIRE(plant.deploy_artifacts({"north"}));
  const auto b = plant.node(kB, Role::kStandby);
  plant.time.run_for(100ms);
  CHECK(b->artifact_inventory() == a->artifact_inventory());
  CHECK(plant.standing("north", 1) == StandbyState::kStored);
}

TEST_CASE("a standby that can't be given what its active node holds says so, until the next deployment") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  REQUIRE(plant.deploy_artifacts({"north"}));
  plant.apply("kind: SharedScript\nname: filters\nspec: {source: 'return 2'}\n");
  const auto b = plant.node(kB, Role::kStandby);
  plant.time.run_for(100ms);
  CHECK(b->artifacts.empty());
  CHECK(plant.standing("north", 1) == StandbyState::kBehind);
  CHECK(plant.record("north").nodes.at(1).message.find("deploy the artifacts") != std::string::npos);
  CHECK(plant.record("north").nodes.at(0).message.empty());
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(plant.standing("north", 1) == StandbyState::kStored);
  CHECK(plant.record("north").nodes.at(1).message.empty());
}

TEST_CASE("more artifacts than a site holds are refused before anything is sent, by number and by size") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  const auto refused = [&] {
    const auto begun = plant.deploy_artifacts({"north", "south"});
    REQUIRE_FALSE(begun);
    CHECK(begun.error().code == ErrorCode::kValidationFailed);
    CHECK(begun.error().message.find("a site holds at most") != std::string::npos);
    CHECK(a->orders.empty());
    CHECK_FALSE(plant.record("north").deployment);
  };
  SECTION("by number") {
    std::string many;
    for (std::size_t i = 0; i < wire::kMaxArtifacts; ++i)
      many += fmt::format("---\nkind: SharedScript\nname: s{}\nspec: {{source: ''}}\n", i);
    plant.apply(many);
    refused();
  }
  SECTION("by size") {
    // The most that a script may have is half of what an artifact may.
    const std::string comment(wire::kMaxArtifact / 2 - 64, 'x');
    for (std::size_t i = 0; i <= wire::kMaxArtifactBytes / comment.size(); ++i)
      plant.apply(fmt::format("kind: SharedScript\nname: s{}\nspec: {{source: '-- {}'}}\n", i, comment));
    refused();
  }
}

TEST_CASE("a node that takes no artifacts is asked for none") {
  ArtifactPlant plant;
  auto a = std::make_unique<sites::ScriptedNode>(plant.time, plant.network, kA, Role::kActive, "old",
                                                 sites::key_of("old"));
  a->takes_artifacts = false;
  a->connect();
  REQUIRE(plant.time.run_until([&] { return !plant.central->sites->pending().empty(); }, 1s));
  deployment::Reply<void> accepted;
  plant.on_loop([&] {
    plant.central->sites->accept(plant.central->sites->pending().front().fingerprint, kA, "ann",
                                 accepted.done());
  });
  plant.connect(*a);
  CHECK(a->seen[wire::Type::kArtifactsQuery] == 0);
  CHECK(plant.cell("north", kErp) == Cell::kAbsent);
}

TEST_CASE("an instance goes to a site that has what it needs, with a warning of what is older there") {
  ArtifactPlant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.apply(std::string(kNeedy));
  const auto refused = plant.ask(&Deployments::deploy);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kValidationFailed);
  CHECK(refused.error().findings.size() == 2);
  CHECK(refused.error().findings.at(0).code == "artifact-absent");
  REQUIRE(plant.deploy_artifacts({"north"}));
  const auto good = plant.deploy();
  CHECK(good.state == DeploymentState::kSuccess);
  CHECK(good.warnings.empty());
  plant.apply("kind: ExternalSystem\nname: erp\nspec: {base_url: 'http://other'}\n");
  const auto warned = plant.deploy();
  CHECK(warned.state == DeploymentState::kSuccess);
  REQUIRE(warned.warnings.size() == 1);
  CHECK(warned.warnings[0].code == "artifact-older");
  CHECK(warned.warnings[0].path == "instances/pump");
  plant.kill();
  plant.start();
  CHECK(plant.status()->warnings == warned.warnings);
}

TEST_CASE("what a standby refused for want of an artifact it gets again once it holds others") {
  ArtifactPlant plant;
  plant.apply(std::string(kNeedy));
  const auto a = plant.node(kA, Role::kActive);
  REQUIRE(plant.deploy_artifacts({"north"}));
  const auto b = plant.node(kB, Role::kStandby);
  b->on_order = [&](const Order& order) {
    if (order.kind == OrderKind::kHold && b->brought.size() == 1)
      return b->fail(order, "artifact-absent", Stage::kStored);
    b->obey(order);
  };
  CHECK(plant.deploy().state == DeploymentState::kSuccess);
  CHECK(plant.status()->standby == StandbyState::kRefused);
  plant.apply("kind: ExternalSystem\nname: erp\nspec: {base_url: 'http://other'}\n");
  REQUIRE(plant.deploy_artifacts({"north"}));
  CHECK(b->brought.size() == 2);
  CHECK(b->holds.contains("pump"));
  CHECK(plant.status()->standby == StandbyState::kStored);
}

TEST_CASE("the record of a site goes with the site") {
  ArtifactPlant plant;
  REQUIRE(plant.deploy_artifacts({"south"}));
  CHECK(plant.record("south").deployment);
  deployment::Reply<Revision> removed;
  plant.on_loop([&] {
    plant.central->catalog->remove({templates::DocumentKind::kSite, "south"}, "*", "ann", removed.done());
  });
  REQUIRE(*removed);
  CHECK_FALSE(plant.record("south").deployment);
  plant.kill();
  plant.start();
  CHECK_FALSE(plant.record("south").deployment);
}

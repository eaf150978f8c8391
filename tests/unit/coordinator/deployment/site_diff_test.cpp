#include <algorithm>

#include "common/model/json.hpp"
#include "coordinator/deployment/limits.hpp"
#include "tests/unit/coordinator/deployment/plant.hpp"

namespace fieldline::deployment {
namespace {

std::string pumps(int count, const std::string& value) {
  auto text = "kind: Template\nname: Pump\nspec: {attributes: {Level: {type: int, value: " + value + "}}}\n";
  for (int i = 0; i < count; ++i) {
    text +=
        "---\nkind: Instance\nname: P" + std::to_string(1000 + i) + "\nspec: {site: north, template: Pump}\n";
  }
  return text;
}

std::string name_of(int i) {
  return "P" + std::to_string(1000 + i);
}

Result<SiteDiff> site_diff(Plant& plant, const std::string& site = "north") {
  Reply<SiteDiff> reply;
  plant.central->loop->post([&] { plant.central->deployments->diff_site(site, reply.done()); });
  REQUIRE(plant.time.run_until([&] { return reply.there(); }, 60s));
  return *reply;
}

SiteDiff good_site_diff(Plant& plant, const std::string& site = "north") {
  auto made = site_diff(plant, site);
  REQUIRE(made);
  return std::move(*made);
}

void deploy_pumps(Plant& plant, int count) {
  for (int i = 0; i < count; ++i) REQUIRE(plant.deploy(name_of(i)).state == DeploymentState::kSuccess);
}

Revision template_revision(const Plant& plant) {
  return plant.central->catalog->library()->find(templates::DocumentKind::kTemplate, "Pump")->revision;
}

TEST_CASE("a site's diff lists every instance that differs, and the one edit that made them differ") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  constexpr int kCount = 2 * static_cast<int>(kSlice) + 3;
  plant.apply(pumps(kCount, "1"));
  deploy_pumps(plant, kCount);
  CHECK(good_site_diff(plant).instances.empty());
  CHECK(good_site_diff(plant).not_deployed == std::vector<std::string>{"pump"});

  const auto from = template_revision(plant);
  plant.apply(pumps(0, "2"));
  const auto diff = good_site_diff(plant);
  REQUIRE(diff.instances.size() == kCount);
  for (int i = 0; i < kCount; ++i) {
    const auto& entry = diff.instances[static_cast<std::size_t>(i)];
    CHECK(entry.instance == name_of(i));
    CHECK(entry.deployed == plant.deployed(entry.instance)->revision);
    CHECK(entry.derived == plant.derived(entry.instance).revision);
    CHECK(Json::parse(entry.diff).at("members").size() == 1);
    CHECK_FALSE(entry.truncated);
  }
  const templates::Cause edit{"templates/Pump", templates::OriginKind::kTemplate, from,
                              template_revision(plant)};
  CHECK(diff.causes == std::map<templates::Cause, std::size_t>{{edit, kCount}});
  CHECK(good_site_diff(plant, "south").instances.empty());
}

TEST_CASE("each edit is counted with the instances that it reaches") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.apply(pumps(3, "1"));
  deploy_pumps(plant, 3);
  plant.apply(pumps(0, "2") +
              "---\nkind: Instance\nname: P1001\nspec: {site: north, area: hall, template: Pump}\n");
  const auto diff = good_site_diff(plant);
  CHECK(diff.instances.size() == 3);
  std::map<std::string, std::size_t> reached;
  for (const auto& [cause, count] : diff.causes) reached[cause.document] = count;
  CHECK(reached == std::map<std::string, std::size_t>{{"instances/P1001", 1}, {"templates/Pump", 3}});
}

TEST_CASE("what can't be compared is listed with the reason") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  plant.apply(pumps(2, "1"));
  deploy_pumps(plant, 2);
  a->holds["stranger"] = {true, "stranger", blake2b_hex("stranger")};
  a->holds["P1000"].revision = blake2b_hex("unknown to central");
  plant.connect(*a);
  plant.apply(
      "kind: Template\nname: Pump\nspec: {attributes: {Level: {type: int, value: 1, address: "
      "'memory:a'}}}\n");
  const auto diff = good_site_diff(plant);
  REQUIRE(diff.instances.size() == 3);
  CHECK(diff.instances[0].error->code == ErrorCode::kValidationFailed);
  CHECK(diff.instances[1].error->findings.front().code == "address-not-bound");
  CHECK(diff.instances[1].derived.empty());
  CHECK(diff.instances[2].instance == "stranger");
  CHECK(diff.instances[2].error->code == ErrorCode::kNotFound);
  CHECK(diff.causes.empty());
  plant.apply(pumps(0, "1"));
  const auto again = good_site_diff(plant);
  REQUIRE(again.instances.size() == 2);
  CHECK(again.instances[0].error->code == ErrorCode::kUnavailable);
  CHECK(again.instances[0].derived == plant.derived("P1000").revision);
}

TEST_CASE("diffs that no longer fit are left out, their instances and causes are not") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  constexpr int kCount = 24;
  const auto with_source = [](char letter) {
    std::string text = "kind: Template\nname: Pump\nspec:\n  scripts:\n";
    for (const auto* name : {"A", "B", "C", "D", "E", "F"})
      text += "    " + std::string(name) + ": {source: '--" + std::string(130'000, letter) + "'}\n";
    return text;
  };
  plant.apply(with_source('x'));
  auto text = pumps(kCount, "1");
  plant.apply(text.substr(text.find("---\n") + 4));
  deploy_pumps(plant, kCount);
  plant.apply(with_source('y'));
  const auto diff = good_site_diff(plant);
  REQUIRE(diff.instances.size() == kCount);
  std::size_t bytes = 0;
  for (const auto& entry : diff.instances) {
    CHECK(entry.truncated == entry.diff.empty());
    CHECK_FALSE(entry.derived.empty());
    bytes += entry.diff.size();
  }
  CHECK(bytes <= kSiteDiffBytes);
  CHECK_FALSE(diff.instances.front().truncated);
  CHECK(diff.instances.back().truncated);
  REQUIRE(diff.causes.size() == 1);
  CHECK(diff.causes.begin()->second == kCount);
}

// What a deploy begins with.
void expect_turn(Plant& plant, std::vector<std::string>& order) {
  plant.central->deployments->derived("P1000", [&](const Result<templates::Derived>& derived) {
    CHECK(derived);
    order.emplace_back("a deploy's turn");
  });
}

TEST_CASE("deploys get their turns while a site is compared, and while all is derived for the first time") {
  Plant plant;
  const auto a = plant.node(kA, Role::kActive);
  constexpr int kCount = 8 * static_cast<int>(kSlice);
  plant.apply(pumps(kCount, "1"));
  deploy_pumps(plant, kCount);
  plant.apply(pumps(0, "2"));
  plant.time.run_for(1s);

  std::vector<std::string> order;
  plant.central->loop->post([&] {
    plant.central->deployments->diff_site("north", [&](const Result<SiteDiff>& diff) {
      CHECK(diff->instances.size() == kCount);
      order.emplace_back("compared");
    });
    expect_turn(plant, order);
  });
  REQUIRE(plant.time.run_until([&] { return order.size() == 2; }, 60s));
  CHECK(order == std::vector<std::string>{"a deploy's turn", "compared"});

  plant.kill();
  order.clear();
  plant.central.emplace(plant.time, plant.network, plant.connection);
  plant.central->loop->post([&] {
    plant.central->deployments->derived_revisions([&](const auto& derived) {
      CHECK((*derived)->of.size() == kCount + 1);
      order.emplace_back("derived");
    });
    expect_turn(plant, order);
  });
  REQUIRE(plant.time.run_until([&] { return order.size() == 2; }, 60s));
  CHECK(order == std::vector<std::string>{"a deploy's turn", "derived"});
}

TEST_CASE("after an edit the revisions are derived without being asked for") {
  Plant plant;
  plant.apply(pumps(2, "1"));
  plant.time.run_for(1s);
  const auto now = [&] {
    std::shared_ptr<const DerivedRevisions> derived;
    plant.central->loop->post(
        [&] { plant.central->deployments->derived_revisions([&](const auto& found) { derived = *found; }); });
    REQUIRE(plant.time.run_until([&] { return derived != nullptr; }, 1s));
    return derived;
  };
  const auto before = now();
  CHECK(now() == before);
  plant.apply(pumps(0, "2"));
  plant.time.run_for(1s);
  const auto after = now();
  CHECK(after->of.at("P1000") == plant.derived("P1000").revision);
  CHECK(after->of.at("P1000") != before->of.at("P1000"));
  CHECK(after->of.at("pump") == before->of.at("pump"));
}

TEST_CASE("only so many sites are compared at a time") {
  Plant plant;
  std::size_t refused = 0;
  std::size_t answered = 0;
  plant.central->loop->post([&] {
    for (std::size_t i = 0; i < kMaxSiteDiffs + 2; ++i) {
      plant.central->deployments->diff_site("north", [&](const Result<SiteDiff>& diff) {
        ++answered;
        if (!diff && diff.error().code == ErrorCode::kExhausted) ++refused;
      });
    }
  });
  REQUIRE(plant.time.run_until([&] { return answered == kMaxSiteDiffs + 2; }, 1s));
  CHECK(refused == 2);
  CHECK(site_diff(plant));
}

}  // namespace
}  // namespace fieldline::deployment

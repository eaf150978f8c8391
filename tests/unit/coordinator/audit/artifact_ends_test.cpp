// How deliveries of artifacts end is recorded, site by site.
#include "coordinator/audit/artifact_ends.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/coordinator/audit/recorded.hpp"

namespace fieldline::audit::test {
namespace {

using artifacts::Begun;

template <class Place>
class ArtifactJournal : public RecordedPlant<Place> {
 public:
  ArtifactJournal() {
    this->apply("kind: SharedScript\nname: filters\nspec: {source: 'return {}'}\n");
    recorded.emplace(*this);
  }
  void restart() {
    recorded.reset();
    this->kill();
    this->start();
    recorded.emplace(*this);
  }
  std::string deploy_artifacts(const std::vector<std::string>& to) {
    return begun([&](auto done) { this->central->artifacts->deploy(to, "ann", done); });
  }
  std::string retry(const std::string& site) {
    return begun([&](auto done) { this->central->artifacts->retry(site, "bob", done); });
  }

  std::optional<Recorded> recorded;

 private:
  template <class Call>
  std::string begun(Call call) {
    deployment::Reply<Begun> reply;
    this->on_loop([&] { call(reply.done()); });
    REQUIRE(reply.there());
    REQUIRE(*reply);
    return reply->value().deployment;
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("how the artifacts of a deployment ended is recorded of each site, and of each retry",
                        "", sql::Places) {
  ArtifactJournal<TestType> plant;
  const auto a = plant.node(deployment::kA, Role::kActive);
  const auto id = plant.deploy_artifacts({"north", "south"});
  auto entries = plant.recorded->entries();
  REQUIRE(entries.size() == 2);
  for (const auto& entry : entries) {
    CHECK(entry.action == database::kArtifactsEnded);
    CHECK(entry.kind == kCoordinator);
    CHECK(entry.who == "ann");
    CHECK(entry.deployment == id);
    CHECK(details_of(entry).contains("finished"));
  }
  CHECK(entries[0].site == "south");
  CHECK(entries[0].result == "failed");
  CHECK(details_of(entries[0]).at("reason") == "site-unreachable");
  CHECK(entries[1].site == "north");
  CHECK(entries[1].result == "success");
  const auto south = plant.node({"south", "a"}, Role::kActive);
  CHECK(plant.retry("south") == id);
  entries = plant.recorded->entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[2].who == "bob");
  CHECK(entries[2].site == "south");
  CHECK(entries[2].result == "success");
  CHECK(entries[2].deployment == id);
}

TEMPLATE_LIST_TEST_CASE("a delivery that a restart fails is recorded at that start, once, also of a retry",
                        "", sql::Places) {
  ArtifactJournal<TestType> plant;
  const auto a = plant.node(deployment::kA, Role::kActive);
  a->on_order = [](const Order&) {};
  const auto id = plant.deploy_artifacts({"north"});
  CHECK(plant.recorded->entries().empty());
  plant.restart();
  auto entries = plant.recorded->entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].deployment == id);
  CHECK(entries[0].result == "failed");
  CHECK(details_of(entries[0]).at("reason") == "coordinator-failover");
  CHECK(details_of(entries[0]).at("found_at_start") == true);
  plant.connect(*a);
  CHECK(plant.retry("north") == id);
  plant.restart();
  CHECK(plant.recorded->entries().size() == 2);
  plant.restart();
  CHECK(plant.recorded->entries().size() == 2);
}

}  // namespace fieldline::audit::test

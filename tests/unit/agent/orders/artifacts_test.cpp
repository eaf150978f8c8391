#include <catch2/catch.hpp>

#include "tests/seeds.hpp"
#include "tests/unit/agent/orders/desk_node.hpp"

using namespace fieldline;
using namespace fieldline::orders;
using namespace std::chrono_literals;

namespace {

using Set = DeskNode::Artifacts;

Set rate(int factor) {
  return {{"shared-scripts/rate", SharedScript{"return {factor = " + std::to_string(factor) + "}"}}};
}
Set with(Set set, const std::string& key, const Artifact& artifact) {
  set.insert_or_assign(key, artifact);
  return set;
}

FlatConfig user(const std::string& instance) {
  return machine(instance, "shared.rate.factor", {"shared-scripts/rate"});
}

std::string codes(const Report& report) {
  std::string text = report.reason;
  for (const auto& finding : report.findings) text += " " + finding.code + "@" + finding.path;
  return text;
}

std::string bytes_of(const std::vector<Event>& events) {
  std::string all;
  for (const auto& event : events) all += event.source + event.message + event.details + "\n";
  return all;
}

}  // namespace

TEST_CASE("a shared script reaches the instances that name it, and a new revision of it too") {
  DeskNode node;
  const auto first = node.bring(rate(2));
  REQUIRE(first.success);
  CHECK(first.revision == wire::artifacts_digest(node.artifacts->inventory()));
  REQUIRE(node.deploy(user("Pump1")).success);
  REQUIRE(node.deploy(machine("Pump2", "9", {})).success);
  CHECK(node.out("Pump1") == 2);
  CHECK(node.bring(rate(3)).success);
  CHECK(node.out("Pump1") == 3);
  CHECK(node.out("Pump2") == 9);
  node.restart();
  CHECK(node.out("Pump1") == 3);
}

TEST_CASE("a shared script that another one names reaches its users too") {
  DeskNode node;
  auto set = with(rate(2), "shared-scripts/pump", SharedScript{"return {twice = shared.rate.factor * 2}"});
  REQUIRE(node.bring(set).success);
  REQUIRE(node.deploy(machine("Pump1", "shared.pump.twice", {"shared-scripts/pump", "shared-scripts/rate"}))
              .success);
  CHECK(node.out("Pump1") == 4);
  REQUIRE(node.bring(with(set, "shared-scripts/rate", SharedScript{"return {factor = 5}"})).success);
  CHECK(node.out("Pump1") == 10);
}

TEST_CASE("an instance that names what the node lacks is refused, artifact by artifact") {
  const auto role = GENERATE(Role::kActive, Role::kStandby);
  DeskNode node(role);
  REQUIRE(node.bring(rate(2)).success);
  const auto report = node.deploy(
      machine("Pump1", "1", {"external-systems/erp", "shared-scripts/lost", "shared-scripts/rate"}));
  CHECK_FALSE(report.success);
  CHECK(report.stage == Stage::kAccepted);
  CHECK(codes(report) ==
        "artifact-absent artifact-absent@external-systems/erp artifact-absent@shared-scripts/lost");
  CHECK(node.store->inventory().empty());
}

TEST_CASE("a set without what an instance names is refused, and changes nothing") {
  const auto role = GENERATE(Role::kActive, Role::kStandby);
  DeskNode node(role);
  REQUIRE(node.bring(rate(2)).success);
  for (int i = 1; i <= 12; ++i) REQUIRE(node.deploy(user("Pump" + std::to_string(i))).success);
  const auto before = node.artifacts->inventory();
  if (GENERATE(false, true)) node.restart();
  const auto report = node.bring({});
  CHECK(codes(report) == "artifact-in-use artifact-in-use@shared-scripts/rate");
  CHECK(report.findings.at(0).message ==
        "needed by Pump1, Pump10, Pump11, Pump12, Pump2, Pump3, Pump4, Pump5, Pump6, Pump7 and 2 more");
  CHECK(report.revision == wire::artifacts_digest(before));
  CHECK(node.artifacts->inventory() == before);
  if (role == Role::kActive) CHECK(node.out("Pump1") == 2);
  for (int i = 1; i <= 12; ++i)
    node.command(role == Role::kActive ? OrderKind::kDelete : OrderKind::kDrop, "Pump" + std::to_string(i));
  CHECK(node.bring({}).success);
}

TEST_CASE("a set with a shared script that does not compile is refused whole, with the line") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  const auto report = node.bring(with(rate(3), "shared-scripts/bad", SharedScript{"return {\n"}));
  CHECK(codes(report) == "does-not-compile lua-syntax@shared-scripts/bad:2");
  CHECK(report.stage == Stage::kCompiled);
  CHECK(node.out("Pump1") == 2);
  CHECK(node.artifacts->inventory().size() == 1);
}

TEST_CASE("a set whose shared scripts leave a user without one is refused") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  const auto report = node.bring(with(rate(3), "shared-scripts/rate", SharedScript{"return shared.lost"}));
  CHECK(codes(report) == "artifact-absent artifact-absent@instances/Pump1");
  CHECK(node.out("Pump1") == 2);
}

TEST_CASE("a set that is not whole is refused") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  CHECK(codes(node.bring(rate(3), "shared-scripts/rate")) ==
        "artifact-absent artifact-absent@shared-scripts/rate");
  const auto list = with(rate(2), "notification-lists/ops", NotificationList{{"a@b.example"}, "mail"});
  CHECK(codes(node.bring(list)) == "artifact-absent artifact-absent@notification-lists/ops");
  Order order;
  order.kind = OrderKind::kArtifacts;
  CHECK(node.ends(node.send(order, "no package")).reason == "invalid");
  CHECK(node.artifacts->inventory().size() == 1);
}

TEST_CASE("a large package is fetched piece by piece") {
  DeskNode node;
  REQUIRE(node.bring(with(rate(2), "shared-scripts/long",
                          SharedScript{"return 1 --" + std::string(100'000, 'x')}))
              .success);
  CHECK(node.fetches == 4);
}

TEST_CASE("orders about instances that come with one about artifacts are all carried out") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  std::vector<std::string> sent;
  for (int i = 2; i <= 5; ++i) {
    sent.push_back(node.send_config(OrderKind::kApply, user("Pump" + std::to_string(i))));
    sent.push_back(node.send_artifacts(rate(i)));
    sent.push_back(node.send_config(OrderKind::kApply, user("Pump1")));
  }
  for (const auto& deployment : sent) CHECK(node.ends(deployment).success);
  for (int i = 1; i <= 5; ++i) CHECK(node.out("Pump" + std::to_string(i)) == 5);
}

TEST_CASE("an artifact order seen twice is answered with its report and done once") {
  DeskNode node;
  const auto deployment = node.send_artifacts(rate(2));
  REQUIRE(node.ends(deployment).success);
  CHECK(node.store->report(deployment) != nullptr);
  node.restart();
  REQUIRE(node.store->report(deployment) != nullptr);
  CHECK(node.store->report(deployment)->revision == wire::artifacts_digest(node.artifacts->inventory()));
}

TEST_CASE("what the disk refuses is swapped back") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  REQUIRE(node.database().write_now([](soci::session& sql) -> Result<> {
    sql << "CREATE TRIGGER full BEFORE UPDATE ON artifacts BEGIN SELECT RAISE(FAIL, 'disk full'); END";
    return {};
  }));
  const auto report = node.bring(rate(3));
  CHECK_FALSE(report.success);
  CHECK(report.stage == Stage::kSwapped);
  CHECK(node.out("Pump1") == 2);
  REQUIRE(node.deploy(user("Pump2")).success);
  CHECK(node.out("Pump2") == 2);
}

TEST_CASE("a new shared script swaps what runs, and leaves disabled what is disabled, over a restart too") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  CHECK(node.out("Pump1") == 2);
  REQUIRE(node.command(OrderKind::kDisable, "Pump1").success);
  REQUIRE(node.bring(rate(3)).success);
  CHECK(node.out("Pump1") == 2);
  node.restart();
  CHECK_FALSE(node.store->find("Pump1")->enabled);
  CHECK(node.out("Pump1") == 0);
  REQUIRE(node.command(OrderKind::kEnable, "Pump1").success);
  CHECK(node.out("Pump1") == 3);
}

TEST_CASE("an instance whose shared scripts were lost is started once they are brought again") {
  DeskNode node;
  REQUIRE(node.bring(rate(2)).success);
  REQUIRE(node.deploy(user("Pump1")).success);
  REQUIRE(node.database().write_now([](soci::session& sql) -> Result<> {
    sql << "DELETE FROM artifacts";
    return {};
  }));
  node.restart();
  CHECK_FALSE(node.out("Pump1"));
  REQUIRE(node.bring(rate(3)).success);
  CHECK(node.out("Pump1") == 3);
}

TEST_CASE("no event and no report bears a secret, and without its key an instance runs all the same") {
  DeskNode node;
  const ExternalSystem erp{.auth = {AuthKind::kBearer, "", "hunter2", ""},
                           .base_url = "https://erp.example.com"};
  REQUIRE(node.bring(with(rate(2), "external-systems/erp", erp)).success);
  REQUIRE(node.deploy(machine("Pump1", "shared.rate.factor", {"external-systems/erp", "shared-scripts/rate"}))
              .success);
  auto broken = erp;
  broken.auth.secret += "\n";
  const auto report = node.bring(with(rate(2), "external-systems/erp", broken));
  CHECK(report.reason == "invalid");
  CHECK(report.message.find("hunter2") == std::string::npos);
  CHECK(bytes_of(node.events).find("hunter2") == std::string::npos);
  node.secrets.emplace(SecretBox::generate());
  node.restart();
  CHECK_FALSE(node.artifacts->holds("external-systems/erp"));
  CHECK(node.out("Pump1") == 2);
  REQUIRE(node.bring(with(rate(4), "external-systems/erp", erp)).success);
  CHECK(node.out("Pump1") == 4);
}

TEST_CASE("a crash at any moment leaves one set or the other, and instances that run with it") {
  const auto [first, last] = seeds(60);
  for (auto seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    DeskNode node;
    REQUIRE(node.bring(rate(1)).success);
    for (int i = 1; i <= 3; ++i) REQUIRE(node.deploy(user("Pump" + std::to_string(i))).success);
    for (int round = 2; round <= 4; ++round) {
      node.send_artifacts(rate(round));
      node.send_config(OrderKind::kApply, user("Pump4"));
      node.time.run_for(Duration(static_cast<std::int64_t>(random.below(12'000))));
      node.restart();
      const auto held = *store::shared_sources(node.artifacts->held()).at("rate");
      const auto shown = node.out("Pump1");
      REQUIRE(shown);
      CHECK(held == std::get<SharedScript>(rate(static_cast<int>(*shown)).begin()->second).source);
      for (const auto& item : node.store->inventory()) CHECK(node.out(item.instance) == shown);
    }
  }
}

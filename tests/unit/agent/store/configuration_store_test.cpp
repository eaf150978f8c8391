#include "agent/store/configuration_store.hpp"

#include <catch2/catch.hpp>

#include "agent/store/limits.hpp"
#include "common/base/hash.hpp"
#include "common/wire/limits.hpp"
#include "tests/unit/agent/store/node_disk.hpp"

namespace fieldline::store {
namespace {

struct Step {
  Order order;
  Report report;
  std::string bytes;
};

// One order about `instance` and the report that ends it well.
Step step(const std::string& instance, std::uint64_t number, const std::string& bytes) {
  Step step;
  step.bytes = bytes;
  step.order.instance = step.report.instance = instance;
  step.order.deployment = step.report.deployment = instance + "#" + std::to_string(number);
  step.order.number = number;
  step.order.revision = step.report.revision = blake2b_hex(bytes);
  step.order.size = bytes.size();
  step.report.success = true;
  return step;
}

Result<> stage(NodeDisk& disk, const Step& step) {
  return disk.outcome_of([&](auto done) { disk.store().stage(step.order, step.bytes, done); });
}
Result<> promote(NodeDisk& disk, const Step& step) {
  return disk.outcome_of([&](auto done) { disk.store().promote(step.order, step.report, done); });
}
void deploy(NodeDisk& disk, const Step& step) {
  REQUIRE(stage(disk, step));
  REQUIRE(promote(disk, step));
}
Result<StoredConfiguration> load(NodeDisk& disk, const std::string& instance) {
  return disk.answer_of<StoredConfiguration>([&](auto reply) { disk.store().load(instance, reply); });
}
void change_behind_its_back(NodeDisk& disk, const std::string& statement) {
  REQUIRE(disk.database().write_now([statement](soci::session& sql) -> Result<> {
    sql << statement;
    return {};
  }));
}

const std::string kFirst("first \0 configuration", 21);
const std::string kSecond = "second configuration";

TEST_CASE("what was promoted is current after a restart, byte for byte") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  deploy(disk, step("Tank1", 1, kSecond));
  disk.restart();
  const auto inventory = disk.store().inventory();
  REQUIRE(inventory.size() == 2);
  CHECK(inventory[0] == InventoryItem{true, "Pump1", blake2b_hex(kFirst)});
  CHECK(inventory[1] == InventoryItem{true, "Tank1", blake2b_hex(kSecond)});
  const auto stored = load(disk, "Pump1");
  REQUIRE(stored);
  CHECK(stored->bytes == kFirst);
  CHECK(stored->item == inventory[0]);
}

TEST_CASE("a restart discards candidates; the old revision stays current") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  const auto second = step("Pump1", 2, kSecond);
  REQUIRE(stage(disk, second));
  CHECK(load(disk, "Pump1")->bytes == kFirst);
  disk.restart();
  CHECK(load(disk, "Pump1")->bytes == kFirst);
  CHECK(promote(disk, second).error().code == ErrorCode::kNotFound);
  CHECK(disk.store().report(second.order.deployment) == nullptr);
}

TEST_CASE("a promotion that is not yet durable at a crash has not happened at all") {
  NodeDisk disk;
  const auto first = step("Pump1", 1, kFirst);
  REQUIRE(stage(disk, first));
  disk.call([&] {
    disk.store().promote(first.order, first.report, [](const Result<>&) { FAIL("acknowledged"); });
  });
  disk.restart();
  CHECK(disk.store().inventory().empty());
  CHECK(disk.store().report(first.order.deployment) == nullptr);
}

TEST_CASE("a failed order leaves no candidate and keeps its report") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  auto broken = step("Pump1", 2, kSecond);
  REQUIRE(stage(disk, broken));
  broken.report.success = false;
  broken.report.reason = "does-not-compile";
  broken.report.findings = {{"lua-syntax", "'end' expected", "scripts/Control:12"}};
  REQUIRE(disk.outcome_of([&](auto done) { disk.store().discard(broken.order, broken.report, done); }));
  CHECK(promote(disk, broken).error().code == ErrorCode::kNotFound);
  disk.restart();
  REQUIRE(disk.store().report("Pump1#2") != nullptr);
  CHECK(*disk.store().report("Pump1#2") == broken.report);
  CHECK(load(disk, "Pump1")->bytes == kFirst);
}

TEST_CASE("bytes that do not have the order's revision are refused") {
  NodeDisk disk;
  auto wrong = step("Pump1", 1, kFirst);
  wrong.bytes += "!";
  CHECK(stage(disk, wrong).error().code == ErrorCode::kCorrupt);
  CHECK(stage(disk, step("Pump1", 1, "")).error().code == ErrorCode::kCorrupt);
  CHECK(stage(disk, step("Pump1", 1, std::string(wire::kMaxConfig + 1, 'x'))).error().code ==
        ErrorCode::kTooLarge);
  CHECK(stage(disk, step("Pump1", 1, std::string(wire::kMaxConfig, 'x'))));
}

TEST_CASE("only the candidate of the same order's revision is promoted") {
  NodeDisk disk;
  REQUIRE(stage(disk, step("Pump1", 1, kFirst)));
  REQUIRE(stage(disk, step("Pump1", 2, kSecond)));
  CHECK(promote(disk, step("Pump1", 1, kFirst)).error().code == ErrorCode::kNotFound);
  CHECK(promote(disk, step("Pump1", 2, kSecond)));
}

TEST_CASE("disabled is remembered over a restart, and enabled again") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  auto disable = step("Pump1", 2, kFirst);
  disable.report.enabled = false;
  const auto carry_out = [&](const Step& s) {
    return disk.outcome_of([&](auto done) { disk.store().set_enabled(s.order, s.report, done); });
  };
  REQUIRE(carry_out(disable));
  disk.restart();
  CHECK_FALSE(disk.store().find("Pump1")->enabled);
  CHECK_FALSE(load(disk, "Pump1")->item.enabled);
  REQUIRE(carry_out(step("Pump1", 3, kFirst)));
  CHECK(disk.store().find("Pump1")->enabled);
  CHECK(carry_out(step("Absent", 1, kFirst)).error().code == ErrorCode::kNotFound);
}

TEST_CASE("a dropped instance is gone, but its order number is not") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 7, kFirst));
  const auto drop = step("Pump1", 8, kFirst);
  const auto carry_out = [&] {
    return disk.outcome_of([&](auto done) { disk.store().drop(drop.order, drop.report, done); });
  };
  REQUIRE(carry_out());
  CHECK(disk.store().find("Pump1") == nullptr);
  CHECK(load(disk, "Pump1").error().code == ErrorCode::kNotFound);
  disk.restart();
  CHECK(disk.store().inventory().empty());
  CHECK(disk.store().last_number("Pump1") == 8);
  CHECK(carry_out());
}

TEST_CASE("while one order is on its way to the disk an older one is already known to be older") {
  NodeDisk disk;
  disk.call([&] {
    disk.store().stage(step("Pump1", 6, kFirst).order, kFirst, [](const Result<>&) {});
    CHECK(disk.store().last_number("Pump1") == 6);
    disk.store().record(step("Pump1", 5, kFirst).order, step("Pump1", 5, kFirst).report,
                        [](const Result<>&) {});
    CHECK(disk.store().last_number("Pump1") == 6);
  });
  REQUIRE(stage(disk, step("Other", 1, kFirst)));
  disk.restart();
  CHECK(disk.store().last_number("Pump1") == 6);
  CHECK(disk.store().last_number("Unknown") == 0);
}

TEST_CASE("the highest term is durable before it counts, and never falls") {
  NodeDisk disk;
  const auto raise = [&](std::uint64_t term) {
    return disk.outcome_of([&](auto done) { disk.store().raise_term(term, done); });
  };
  disk.call([&] {
    disk.store().raise_term(9, [](const Result<>&) {});
    CHECK(disk.store().term() == 0);
    disk.store().raise_term(8, [](const Result<>&) {});
  });
  REQUIRE(raise(7));
  CHECK(disk.store().term() == 9);
  disk.restart();
  CHECK(disk.store().term() == 9);
  constexpr auto kHighest = std::numeric_limits<std::uint64_t>::max();
  REQUIRE(raise(kHighest));
  disk.restart();
  CHECK(disk.store().term() == kHighest);
}

TEST_CASE("reports of the last deployments are kept, the oldest go") {
  NodeDisk disk;
  for (std::size_t i = 1; i <= kReports + 10; ++i) {
    const auto order = step("Pump1", i, kFirst);
    disk.call([&] { disk.store().record(order.order, order.report, [](const Result<>&) {}); });
  }
  const auto last = step("Pump1", kReports + 11, kFirst);
  REQUIRE(disk.outcome_of([&](auto done) { disk.store().record(last.order, last.report, done); }));
  for (int restarted = 0; restarted < 2; ++restarted) {
    CHECK(disk.store().report("Pump1#11") == nullptr);
    CHECK(disk.store().report("Pump1#12") != nullptr);
    CHECK(disk.store().report(last.order.deployment) != nullptr);
    disk.restart();
  }
}

TEST_CASE("a damaged configuration is reported, set aside and never current again") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  deploy(disk, step("Tank1", 1, kSecond));
  change_behind_its_back(disk, "UPDATE configurations SET bytes = X'00FF' WHERE instance = 'Pump1'");
  disk.restart();
  CHECK(load(disk, "Pump1").error().code == ErrorCode::kCorrupt);
  CHECK(disk.store().find("Pump1") == nullptr);
  CHECK(load(disk, "Pump1").error().code == ErrorCode::kNotFound);
  CHECK(load(disk, "Tank1"));
  disk.restart();
  CHECK(disk.store().inventory().size() == 1);
  deploy(disk, step("Pump1", 2, kFirst));
  CHECK(load(disk, "Pump1")->bytes == kFirst);
}

TEST_CASE("a full node takes new revisions of what it holds, and nothing new") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 1, kFirst));
  change_behind_its_back(disk, "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                                   std::to_string(kInstances) +
                                   ") INSERT INTO configurations SELECT 'I' || i, 'r', 1, X'00' FROM n");
  disk.restart();
  CHECK(disk.store().inventory().size() == kInstances);
  CHECK(stage(disk, step("Pump2", 1, kFirst)).error().code == ErrorCode::kExhausted);
  CHECK(stage(disk, step("Pump1", 2, kSecond)));
}

TEST_CASE("numbers of instances long gone are dropped, the oldest first, those of present ones never") {
  NodeDisk disk;
  deploy(disk, step("Pump1", 5, kFirst));
  change_behind_its_back(disk, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= " +
                                   std::to_string(kInstances) +
                                   ") INSERT INTO order_numbers SELECT 'Gone' || i, 3 FROM n");
  disk.restart();
  CHECK(disk.store().last_number("Pump1") == 5);
  CHECK(disk.store().last_number("Gone1") == 0);
  CHECK(disk.store().last_number("Gone2") == 3);
  CHECK(disk.store().last_number("Gone" + std::to_string(kInstances + 1)) == 3);
}

}  // namespace
}  // namespace fieldline::store

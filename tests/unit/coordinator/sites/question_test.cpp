// Questions to nodes, and what they hold.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "coordinator/sites/limits.hpp"
#include "tests/unit/coordinator/sites/field.hpp"

namespace fieldline::sites {
namespace {

template <class Page>
struct Reply {
  std::optional<Result<Page>> outcome;
  Answer<Page> done() {
    return [this](Result<Page> result) { outcome = std::move(result); };
  }
};

InventoryItem item(const std::string& instance) {
  return {true, instance, blake2b_hex(instance)};
}

TEST_CASE("a question gets its page, or says why there is none") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  Reply<ValuesPage> values;
  SECTION("answered") {
    field.on_loop([&] { field.sites.values(kA, {"", "pump"}, values.done()); });
    REQUIRE(values.outcome);
    CHECK((*values.outcome)->found);
  }
  SECTION("no answer within the deadline") {
    a->answers = false;
    field.on_loop([&] { field.sites.values(kA, {"", "pump"}, values.done()); });
    field.time.run_for(4s);
    CHECK_FALSE(values.outcome);
    field.time.run_for(2s);
    REQUIRE(values.outcome);
    CHECK(values.outcome->error().code == ErrorCode::kTimeout);
  }
  SECTION("lost before it answered") {
    a->answers = false;
    field.on_loop([&] { field.sites.values(kA, {"", "pump"}, values.done()); });
    a->connect();
    field.time.run_for(1s);
    REQUIRE(values.outcome);
    CHECK(values.outcome->error().code == ErrorCode::kUnavailable);
  }
  SECTION("not connected") {
    field.on_loop([&] { field.sites.values(kB, {"", "pump"}, values.done()); });
    REQUIRE(values.outcome);
    CHECK(values.outcome->error().code == ErrorCode::kUnavailable);
  }
  SECTION("longer than a message") {
    field.on_loop([&] { field.sites.values(kA, {std::string(5000, 'x'), "pump"}, values.done()); });
    REQUIRE(values.outcome);
    CHECK(values.outcome->error().code == ErrorCode::kTooLarge);
  }
}

TEST_CASE("a node owes a bounded number of answers") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->answers = false;
  std::vector<Reply<ValuesPage>> replies(kMaxQuestions + 1);
  field.on_loop([&] {
    for (auto& reply : replies) field.sites.values(kA, {"", "pump"}, reply.done());
  });
  REQUIRE(replies.back().outcome);
  CHECK(replies.back().outcome->error().code == ErrorCode::kExhausted);
  CHECK_FALSE(replies.front().outcome);
}

TEST_CASE("an answer of another kind than was asked for is malformed, and the question stays open") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->answers = false;
  Reply<ValuesPage> values;
  field.on_loop([&] { field.sites.values(kA, {"", "pump"}, values.done()); });
  for (std::uint64_t correlation = 1; correlation < 10; ++correlation) a->send(AlarmsPage{}, correlation);
  field.time.run_for(1s);
  CHECK_FALSE(values.outcome);
  CHECK(field.sites.node(kA)->malformed == 1);
}

TEST_CASE("a node that holds what is believed is not asked for its inventory") {
  Field field;
  field.keeper.believed = {item("pump")};
  auto a = field.node(kA, Role::kActive, "a");
  a->holds["pump"] = item("pump");
  field.accept(*a, kA);
  a->connect();
  field.time.run_for(1s);
  CHECK(field.keeper.matched == std::vector<NodeId>{kA});
  CHECK(a->seen[wire::Type::kInventoryQuery] == 0);
}

TEST_CASE("an inventory that differs is pulled whole, page by page") {
  Field field;
  auto a = field.node(kA, Role::kActive, "a");
  for (int i = 0; i < 25; ++i) a->holds[fmt::format("pump{:02}", i)] = item(fmt::format("pump{:02}", i));
  a->page = 10;
  field.accept(*a, kA);
  a->connect();
  field.time.run_for(1s);
  CHECK(field.keeper.pulls == std::vector<NodeId>{kA});
  CHECK(a->seen[wire::Type::kInventoryQuery] == 3);
  REQUIRE(field.keeper.inventories.size() == 1);
  CHECK(field.keeper.inventories.front() == a->inventory());
}

TEST_CASE("artifacts that differ are pulled page by page, and those of a node that takes none are not") {
  Field field;
  auto a = field.node(kA, Role::kActive, "a");
  a->page = 2;
  for (const auto* name : {"a", "b", "c", "d", "e"})
    a->artifacts.emplace(fmt::format("shared-scripts/{}", name), std::string(64, '1'));
  field.accept(*a, kA);
  a->connect();
  field.time.run_for(1s);
  REQUIRE(field.artifacts.inventories.size() == 1);
  CHECK(field.artifacts.inventories.front() == a->artifact_inventory());
  CHECK(field.artifacts.pulls.size() == 1);
  field.artifacts.believed = a->artifact_inventory();
  a->connect();
  field.time.run_for(1s);
  CHECK(field.artifacts.matched.size() == 1);
  CHECK(field.artifacts.inventories.size() == 1);
  a->takes_artifacts = false;
  a->connect();
  field.time.run_for(1s);
  CHECK(field.artifacts.inventories.size() == 2);
  CHECK(field.artifacts.inventories.back().empty());
  CHECK(a->seen[wire::Type::kArtifactsQuery] == 3);
}

TEST_CASE("an inventory that can't be true is not taken, and asked for again") {
  Field field;
  auto a = field.node(kA, Role::kActive, "a");
  SECTION("a name that is none") {
    a->holds["pump"] = {true, "../pump", blake2b_hex("")};
  }
  SECTION("a revision that is none") {
    a->holds["pump"] = {true, "pump", "latest"};
  }
  SECTION("not sorted") {
    a->holds["a"] = item("pump2");
    a->holds["b"] = item("pump1");
  }
  SECTION("twice the same") {
    a->holds["a"] = item("a");
    a->holds["b"] = item("a");
    a->page = 1;
  }
  field.accept(*a, kA);
  a->connect();
  field.time.run_for(1s);
  CHECK(field.keeper.inventories.empty());
  a->holds = {{"pump", item("pump")}};
  field.time.run_for(10s);
  CHECK(field.keeper.inventories.size() == 1);
}

}  // namespace
}  // namespace fieldline::sites

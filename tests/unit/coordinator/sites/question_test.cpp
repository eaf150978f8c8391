// Questions to nodes, and what they hold.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "common/wire/outbox.hpp"
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

TEST_CASE("a message is read piece by piece, and pieces that do not join are refused") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  a->message = wire::pack_message({{}, Mail{std::string(5000, 'x'), "Level"}, {}, "Tank", "Send", "t", ""});
  a->message_size = a->message.size();
  const MessageId id{1, "a", 7, "north"};
  Reply<WholeMessage> whole;
  const auto read = [&] {
    whole.outcome.reset();
    field.on_loop([&] { field.sites.whole_message(kA, id, whole.done()); });
    field.time.run_for(1s);
    REQUIRE(whole.outcome);
    return whole.outcome->has_value() ? std::string("read") : std::string(name(whole.outcome->error().code));
  };
  CHECK(read() == "read");
  CHECK((*whole.outcome)->message.id == id);
  CHECK((*whole.outcome)->piece.state == MessageState::kParked);
  CHECK(a->seen[wire::Type::kMessageQuery] == 6);
  a->message_size = 0;
  CHECK(read() == "not-found");
  a->message_size = a->message.size() + 1;  // it never ends
  CHECK(read() == "corrupt");
  a->message_size = a->message.size() - 1;
  CHECK(read() == "corrupt");
  a->message_size = kMaxMessage + 1;
  CHECK(read() == "corrupt");
  a->message = "rubbish";
  a->message_size = a->message.size();
  CHECK(read() == "corrupt");
}

TEST_CASE("a node that does not carry out a decision says why") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  Reply<ParkedDecided> decided;
  a->decided.count = 3;
  field.on_loop([&] { field.sites.decide(kA, {}, decided.done()); });
  REQUIRE(decided.outcome);
  CHECK((*decided.outcome)->count == 3);
  a->decided = {"not-active", 0, "ask the other one", ""};
  field.on_loop([&] { field.sites.decide(kA, {}, decided.done()); });
  CHECK(decided.outcome->error().code == ErrorCode::kConflict);
  CHECK(decided.outcome->error().where == "not-active");
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

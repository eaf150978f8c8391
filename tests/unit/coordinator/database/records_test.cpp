// What the coordinator keeps outlasts it, and stays bounded, on SQLite and on PostgreSQL.
#include <catch2/catch.hpp>
#include <optional>
#include <tuple>

#include "common/base/hash.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/bytes.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/database/accounts.hpp"
#include "coordinator/database/artifact_deployment.hpp"
#include "coordinator/database/central_events.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/database/term.hpp"
#include "tests/postgresql/places.hpp"

namespace fieldline::database {
namespace {

using namespace std::chrono_literals;

template <class Place>
class Disk {
 public:
  explicit Disk(std::size_t of_migrations = migrations().size()) { restart(of_migrations); }

  // As a release with so many of the migrations would.
  void restart(std::size_t of_migrations = migrations().size()) {
    database.reset();
    auto opened =
        sql::open_inline({place.connection(), "test", migrations().first(of_migrations)}, time.executor());
    REQUIRE(opened);
    database = std::move(*opened);
  }
  // The outcome of a call that takes (done, executor).
  template <class T = void, class Call>
  Result<T> outcome(Call call) {
    std::optional<Result<T>> got;
    call([&](Result<T> result) { got = std::move(result); }, *loop);
    REQUIRE(time.run_until([&] { return got.has_value(); }, 10s));
    return *got;
  }
  Result<> save(DeploymentChange change) {
    return outcome([&](auto done, Executor& reply) { records().save(std::move(change), done, reply); });
  }
  std::optional<SentConfig> config(const std::string& instance, const Revision& revision) {
    const auto found = outcome<std::optional<SentConfig>>(
        [&](auto done, Executor& reply) { records().config(instance, revision, done, reply); });
    REQUIRE(found);
    return *found;
  }
  DeploymentRecords records() { return DeploymentRecords(*database); }

  const Place place;
  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  std::unique_ptr<sql::Database> database;
};

using Disks = std::tuple<Disk<sql::SqlitePlace>, Disk<sql::PostgresqlPlace>>;

Deployment attempt(const std::string& instance, DeploymentState state) {
  Deployment row;
  row.id = "id-of-" + instance;
  row.instance = instance;
  row.site = "north";
  row.state = state;
  row.stage = Stage::kCompiled;
  row.reason = "does-not-compile";
  row.message = "say \"why\"";
  row.findings = {{"lua", "unexpected symbol", "scripts/Start:12"}};
  row.revision = blake2b_hex(instance);
  row.who = "ann";
  row.started = Timestamp(1'800'000'000'123'456us);
  row.finished = row.started + 2s;
  return row;
}

SentConfig config_of(const std::string& instance, const std::string& bytes) {
  return {bytes, instance, R"({"members":{},"sources":[]})", blake2b_hex(bytes)};
}

TEMPLATE_LIST_TEST_CASE("the term rises with each start, and over restarts", "", Disks) {
  TestType disk;
  CHECK(raise_term(*disk.database).value() == 1);
  CHECK(raise_term(*disk.database).value() == 2);
  disk.restart();
  CHECK(raise_term(*disk.database).value() == 3);
}

TEMPLATE_LIST_TEST_CASE("a status comes back after a restart as it was written, and replaces the one before",
                        "", Disks) {
  TestType disk;
  auto row = attempt("pump", DeploymentState::kFailed);
  REQUIRE(disk.save(
      {.sent = {}, .deployed = {}, .undeployed = {}, .status = row, .events = {}, .forgotten = {}}));
  row.id = "later";
  row.finished.reset();
  REQUIRE(disk.save(
      {.sent = {}, .deployed = {}, .undeployed = {}, .status = row, .events = {}, .forgotten = {}}));
  disk.restart();
  const auto rows = disk.records().statuses();
  REQUIRE(rows);
  CHECK(*rows == std::vector<Deployment>{row});
}

TEMPLATE_LIST_TEST_CASE("a restart fails every open operation and no other", "", Disks) {
  TestType disk;
  const std::vector<DeploymentState> states{DeploymentState::kPending, DeploymentState::kInProgress,
                                            DeploymentState::kSuccess, DeploymentState::kFailed};
  for (const auto state : states) {
    REQUIRE(disk.save({.sent = {},
                       .deployed = {},
                       .undeployed = {},
                       .status = attempt(std::string(name(state)), state),
                       .events = {},
                       .forgotten = {}}));
  }
  REQUIRE(disk.records().fail_open("coordinator-failover", "again", Timestamp(9s)));
  const auto rows = disk.records().statuses();
  REQUIRE(rows);
  CHECK(rows->size() == states.size());
  for (const auto& row : *rows) {
    const bool was_open = row.instance == "pending" || row.instance == "in-progress";
    CHECK_FALSE(row.open());
    CHECK((row.reason == "coordinator-failover") == was_open);
    CHECK((row.finished == Timestamp(9s)) == was_open);
  }
}

TEMPLATE_LIST_TEST_CASE("what is deployed comes back, and goes with its configurations", "", Disks) {
  TestType disk;
  const Deployed pump{false, "pump", blake2b_hex("one"), Timestamp(5s), "north"};
  REQUIRE(disk.save({.sent = config_of("pump", "one"),
                     .deployed = {pump},
                     .undeployed = {},
                     .status = {},
                     .events = {},
                     .forgotten = {}}));
  disk.restart();
  CHECK(disk.records().deployed().value() == std::vector<Deployed>{pump});
  CHECK(disk.config("pump", pump.revision) == config_of("pump", "one"));
  CHECK_FALSE(disk.config("pump", blake2b_hex("two")));
  REQUIRE(disk.save({.sent = {},
                     .deployed = {},
                     .undeployed = {"pump"},
                     .status = attempt("pump", DeploymentState::kSuccess),
                     .events = {},
                     .forgotten = "pump"}));
  CHECK(disk.records().deployed()->empty());
  CHECK(disk.records().statuses()->empty());
  CHECK_FALSE(disk.config("pump", pump.revision));
}

TEMPLATE_LIST_TEST_CASE("configurations with NUL bytes come back whole", "", Disks) {
  TestType disk;
  const std::string bytes("a\0b\0", 4);
  REQUIRE(disk.save({.sent = config_of("pump", bytes),
                     .deployed = {},
                     .undeployed = {},
                     .status = {},
                     .events = {},
                     .forgotten = {}}));
  CHECK(disk.config("pump", blake2b_hex(bytes))->bytes == bytes);
}

TEMPLATE_LIST_TEST_CASE("what an older release sent is kept, but not where its fields came from", "", Disks) {
  TestType disk(9);
  REQUIRE(disk.database->write_now([](soci::session& sql) -> Result<> {
    const sql::BytesColumn column(sql);
    const auto bytes = column.bound(std::string("\0abc", 4));
    sql << "INSERT INTO sent_configs (sent, instance, revision, bytes, provenance) VALUES (1, 'pump', 'r1', "
        << column.parameter(":bytes") << ", '{}')",
        soci::use(bytes);
    return {};
  }));
  disk.restart();
  const auto sent = disk.config("pump", "r1");
  REQUIRE(sent);
  CHECK(sent->bytes == std::string("\0abc", 4));
  CHECK(sent->provenance.empty());
}

TEMPLATE_LIST_TEST_CASE("of the configurations sent, the deployed one and the latest are kept, and no more",
                        "", Disks) {
  TestType disk;
  REQUIRE(disk.save({.sent = config_of("pump", "deployed"),
                     .deployed = {{true, "pump", blake2b_hex("deployed"), Timestamp(5s), "north"}},
                     .undeployed = {},
                     .status = {},
                     .events = {},
                     .forgotten = {}}));
  for (const auto* bytes : {"one", "two", "three"}) {
    REQUIRE(disk.save({.sent = config_of("pump", bytes),
                       .deployed = {},
                       .undeployed = {},
                       .status = {},
                       .events = {},
                       .forgotten = {}}));
  }
  CHECK(disk.config("pump", blake2b_hex("deployed")));
  CHECK_FALSE(disk.config("pump", blake2b_hex("one")));
  CHECK(disk.config("pump", blake2b_hex("two")));
  CHECK(disk.config("pump", blake2b_hex("three")));
}

TEMPLATE_LIST_TEST_CASE("a key is of one node, and a node has one key", "", Disks) {
  TestType disk;
  NodeKeys keys(*disk.database);
  const auto add = [&](NodeKey key) {
    return disk.outcome([&](auto done, Executor& reply) { keys.add(std::move(key), done, reply); });
  };
  const NodeKey a{"key-a", "north", "a", "ann", Timestamp(1s)};
  REQUIRE(add(a));
  CHECK(add({"key-a", "north", "b", "ann", Timestamp(1s)}).error().code == ErrorCode::kConflict);
  CHECK(add({"key-b", "north", "a", "ann", Timestamp(1s)}).error().code == ErrorCode::kConflict);
  CHECK(keys.all().value() == std::vector<NodeKey>{a});
  CHECK(add(a));
  CHECK(keys.all().value() == std::vector<NodeKey>{a});
  REQUIRE(disk.outcome([&](auto done, Executor& reply) { keys.remove("key-a", done, reply); }));
  CHECK(keys.all()->empty());
}

TEMPLATE_LIST_TEST_CASE("users and tokens change together or not at all, and a token has its name alone", "",
                        Disks) {
  TestType disk;
  AccountRecords records(*disk.database);
  const UserRow ann{"ann", "hash", "[]", Timestamp(1s), Timestamp(2s)};
  const TokenRow admin{blake2b_hex("secret"), "admin", "", "[]", Timestamp(1s), Timestamp(9s)};
  REQUIRE(records.save_now({.users = {ann}, .tokens = {admin}}));
  const auto twice = disk.outcome([&](auto done, Executor& reply) {
    records.save(
        {.tokens = {{blake2b_hex("other"), "admin", "", "[]", Timestamp(1s), {}}}, .removed_users = {"ann"}},
        done, reply);
  });
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == ErrorCode::kConflict);
  CHECK(records.users().value() == std::vector<UserRow>{ann});
  CHECK(records.tokens().value() == std::vector<TokenRow>{admin});
  auto changed = ann;
  changed.grants = "[{}]";
  changed.changed = Timestamp(3s);
  REQUIRE(disk.outcome([&](auto done, Executor& reply) {
    records.save({.users = {changed}, .removed_tokens = {"admin"}}, done, reply);
  }));
  CHECK(records.users().value() == std::vector<UserRow>{changed});
  CHECK(records.tokens()->empty());
}

CentralEvent drift(const std::string& instance, std::string message, Timestamp time) {
  Event event;
  event.category = Category::kDeployment;
  event.instance = instance;
  event.message = std::move(message);
  event.severity = Severity::kWarning;
  event.source = "coordinator";
  event.time = time;
  return {"north", std::move(event)};
}

TEMPLATE_LIST_TEST_CASE("events of central are paged newest first, by site and condition", "", Disks) {
  TestType disk;
  DeploymentChange change;
  for (int i = 0; i < 10; ++i)
    change.events.push_back(
        drift(i % 2 == 0 ? "pump" : "valve", "100% of " + std::to_string(i), Timestamp(Duration(1000 + i))));
  REQUIRE(disk.save(std::move(change)));
  const auto page = [&](const EventQuery& query, const std::string& site = "north") {
    return disk.template outcome<EventPage>(
        [&](auto done, Executor& reply) { CentralEvents(*disk.database).page(site, query, done, reply); });
  };
  EventQuery query;
  query.limit = 4;
  auto got = page(query);
  REQUIRE(got);
  REQUIRE(got->events.size() == 4);
  CHECK(got->events.front().message == "100% of 9");
  query.cursor = got->next;
  got = page(query);
  CHECK(got->events.front().message == "100% of 5");
  query.cursor = got->next;
  got = page(query);
  CHECK(got->events.size() == 2);
  CHECK(got->next.empty());
  CHECK(page({}, "south")->events.empty());

  EventQuery narrow;
  narrow.instance = "pump";
  narrow.text = "0% OF";
  narrow.from = Timestamp(Duration(1002));
  narrow.to = Timestamp(Duration(1008));
  narrow.category = Category::kDeployment;
  CHECK(page(narrow)->events.size() == 3);
  narrow.text = "_";
  CHECK(page(narrow)->events.empty());
  narrow.text = "COORD";
  narrow.severity = Severity::kError;
  CHECK(page(narrow)->events.empty());
  for (const auto* wrong : {"x", "7", "7.", ".7", "7.7x"}) {
    narrow.cursor = wrong;
    CHECK(page(narrow).error().code == ErrorCode::kInvalid);
  }
}

TEMPLATE_LIST_TEST_CASE("events of central are in order of time, also when its clock was set back", "",
                        Disks) {
  TestType disk;
  DeploymentChange change;
  for (const int time : {1, 5, 2, 5, 3})
    change.events.push_back(drift("pump", std::to_string(time), Timestamp(Duration(time))));
  REQUIRE(disk.save(std::move(change)));
  std::string order;
  EventQuery query;
  query.limit = 2;
  do {
    const auto page = disk.template outcome<EventPage>(
        [&](auto done, Executor& reply) { CentralEvents(*disk.database).page("north", query, done, reply); });
    REQUIRE(page);
    for (const auto& event : page->events) order += event.message;
    query.cursor = page->next;
  } while (!query.cursor.empty());
  CHECK(order == "55321");
}

TEMPLATE_LIST_TEST_CASE("a NUL in what a node wrote cuts nothing off", "", Disks) {
  TestType disk;
  const std::string hostile("be\0fore", 7);
  const std::string kept = "be\u2400fore";
  DeploymentChange change;
  change.events.push_back(drift(hostile, hostile, Timestamp(Duration(1))));
  change.events.back().event.details = hostile;
  change.status = attempt("pump", DeploymentState::kFailed);
  change.status->reason = hostile;
  change.status->message = hostile;
  change.status->findings = {{hostile, hostile, hostile}};
  REQUIRE(disk.save(change));
  ArtifactDeployment delivery;
  delivery.site = "north";
  delivery.reason = hostile;
  delivery.message = hostile;
  delivery.findings = change.status->findings;
  ArtifactDeployments deliveries(*disk.database);
  REQUIRE(disk.outcome([&](auto done, Executor& reply) { deliveries.save({delivery}, done, reply); }));

  const auto statuses = disk.records().statuses();
  REQUIRE(statuses);
  CHECK(statuses->at(0).reason == kept);
  CHECK(statuses->at(0).message == kept);
  CHECK(statuses->at(0).findings == change.status->findings);
  const auto rows = deliveries.all();
  REQUIRE(rows);
  CHECK(rows->at(0).reason == kept);
  CHECK(rows->at(0).message == kept);
  CHECK(rows->at(0).findings == delivery.findings);
  EventQuery query;
  query.text = "fore";
  const auto page = disk.template outcome<EventPage>(
      [&](auto done, Executor& reply) { CentralEvents(*disk.database).page("north", query, done, reply); });
  REQUIRE(page);
  REQUIRE(page->events.size() == 1);
  for (const auto& text : {page->events[0].message, page->events[0].instance, page->events[0].details})
    CHECK(text == kept);
}

// On SQLite alone: a hundred thousand rows, one by one, take a server a minute.
TEST_CASE("events of central go when they are a month old, or too many") {
  Disk<sql::SqlitePlace> disk;
  const auto now = Timestamp(std::chrono::hours(24 * 365));
  const auto save = [&](int count, Timestamp time) {
    DeploymentChange change;
    for (int i = 0; i < count; ++i) change.events.push_back(drift("pump", "x", time));
    REQUIRE(disk.save(std::move(change)));
  };
  const auto count = [&] {
    const auto rows = disk.database->read_now([](soci::session& sql) {
      long long number = 0;
      sql << "SELECT COUNT(*) FROM central_events", soci::into(number);
      return number;
    });
    REQUIRE(rows);
    return *rows;
  };
  save(3, now - std::chrono::hours(24 * 31));
  CHECK(count() == 3);
  save(1, now);
  CHECK(count() == 1);
  save(static_cast<int>(kCentralEvents), now);
  CHECK(count() == kCentralEvents);
}

TEMPLATE_LIST_TEST_CASE(
    "documents come back in the order of their bytes, whatever the language of the server", "", Disks) {
  TestType disk;
  DocumentRecords records(*disk.database);
  const auto write = [&](std::vector<std::string> names, const std::string& about) {
    DocumentChange change;
    change.author = "ann";
    for (const auto& name : names) {
      auto document = templates::document_from_json(
          {{"kind", "Site"}, {"name", name}, {"spec", {{"description", about}, {"nodes", {"a"}}}}});
      REQUIRE(document);
      change.written.push_back(std::move(*document));
    }
    REQUIRE(disk.outcome([&](auto done, Executor& reply) { records.save(change, done, reply); }));
  };
  write({"b", "B", "a_b", "A", "aB", "a"}, "old");
  write({"B"}, "new");
  disk.restart();
  const auto documents = DocumentRecords(*disk.database).load();
  REQUIRE(documents);
  std::vector<std::string> names;
  for (const auto& document : *documents) names.push_back(document->key.name);
  CHECK(names == std::vector<std::string>{"A", "B", "a", "aB", "a_b", "b"});
  CHECK((*documents)[1]->revision != (*documents)[0]->revision);
}

TEMPLATE_LIST_TEST_CASE("votes of sites outlast a restart, and only who leads writes or confirms them", "",
                        Disks) {
  TestType disk;
  const auto first = *raise_term(*disk.database);
  const auto keep = [&](std::uint64_t term, const std::string& site, const lease::Vote& vote) {
    const auto votes = SiteVotes(*disk.database, term).of(site, *disk.loop);
    return disk.outcome(
        [&](auto done, Executor& reply) { reply.post([&, done] { votes->keep(vote, done); }); });
  };
  const auto confirm = [&](std::uint64_t term) {
    const auto votes = SiteVotes(*disk.database, term).of("north", *disk.loop);
    return disk.outcome([&](auto done, Executor& reply) { reply.post([&, done] { votes->confirm(done); }); });
  };
  REQUIRE(keep(first, "north", {3, "a", 6s}));
  REQUIRE(keep(first, "south", {lease::Vote{kMaxEpoch, "b", 2min}}));
  CHECK(confirm(first));
  disk.restart();
  const auto second = *raise_term(*disk.database);
  const auto kept = SiteVotes(*disk.database, second).all();
  REQUIRE(kept);
  CHECK(kept->at("north") == lease::Vote{3, "a", 6s});
  CHECK(kept->at("south") == lease::Vote{kMaxEpoch, "b", 2min});
  CHECK(keep(first, "north", {4, "b", 6s}).error().code == ErrorCode::kConflict);
  CHECK(confirm(first).error().code == ErrorCode::kConflict);
  CHECK(confirm(second));
  CHECK(keep(second, "north", {3, "b", 6s}).error().code == ErrorCode::kPreconditionFailed);
  REQUIRE(keep(second, "north", {4, "b", 6s}));
  CHECK(SiteVotes(*disk.database, second).all()->at("north") == lease::Vote{4, "b", 6s});
}

}  // namespace
}  // namespace fieldline::database

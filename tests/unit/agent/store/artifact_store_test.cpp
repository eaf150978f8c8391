#include "agent/store/artifact_store.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "common/base/hash.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/limits.hpp"
#include "tests/unit/agent/store/node_disk.hpp"

namespace fieldline::store {
namespace {

HeldArtifact held(const Artifact& artifact) {
  const auto sealed = wire::seal_artifact(artifact);
  REQUIRE(sealed);
  return {sealed->revision, std::make_shared<const std::string>(sealed->bytes),
          std::make_shared<const Artifact>(artifact)};
}

const std::string kSecret = "hunter2-and-more";

HeldArtifacts a_set(const std::string& source) {
  return {{"external-systems/erp", held(ExternalSystem{.auth = {AuthKind::kBearer, "", kSecret, ""},
                                                       .base_url = "https://erp.example.com"})},
          {"shared-scripts/filters", held(SharedScript{source})}};
}

// A node whose disk lasts, and whose key may be another after a restart.
struct ArtifactDisk {
  ArtifactDisk() { open(); }

  void open() {
    auto opened = ArtifactStore::open(disk.database(), disk.store(), *secrets);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  void restart() {
    store.reset();
    disk.restart();
    open();
  }
  Result<> replace(const HeldArtifacts& next) {
    Order order;
    order.kind = OrderKind::kArtifacts;
    order.number = ++number;
    order.deployment = "d" + std::to_string(number);
    Report report;
    report.deployment = order.deployment;
    report.success = true;
    return disk.outcome_of([&](auto done) { store->replace(order, report, next, done); });
  }
  // Of every row of the table, as they are on disk.
  std::string bytes_on_disk() {
    auto bytes = disk.database().read_now([](soci::session& sql) -> Result<std::string> {
      std::string all;
      std::string hex;
      soci::statement rows = (sql.prepare << "SELECT hex(bytes) FROM artifacts", soci::into(hex));
      rows.execute();
      while (rows.fetch()) all += hex;
      return all;
    });
    REQUIRE(bytes);
    return *bytes;
  }

  NodeDisk disk;
  std::optional<SecretBox> secrets = SecretBox::generate();
  std::unique_ptr<ArtifactStore> store;
  std::uint64_t number = 0;
};

}  // namespace

TEST_CASE("the artifacts of a node are the same after a restart, and so is their order's report") {
  ArtifactDisk node;
  CHECK(node.store->inventory().empty());
  REQUIRE(node.replace(a_set("return 1")));
  const auto inventory = node.store->inventory();
  REQUIRE(inventory.size() == 2);
  CHECK(inventory[0].key == "external-systems/erp");
  node.restart();
  CHECK(node.store->inventory() == inventory);
  CHECK(std::get<ExternalSystem>(*node.store->held().at("external-systems/erp").artifact).auth.secret ==
        kSecret);
  CHECK(*shared_sources(node.store->held()).at("filters") == "return 1");
  CHECK(node.disk.store().report("d1") != nullptr);
  CHECK(node.disk.store().last_number("") == 1);
}

TEST_CASE("one set takes the place of another: what it does not list is gone") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  const auto kept = shared_sources(node.store->held()).at("filters");
  auto next = node.store->held();
  next.erase("external-systems/erp");
  REQUIRE(node.replace(next));
  CHECK_FALSE(node.store->holds("external-systems/erp"));
  CHECK(shared_sources(node.store->held()).at("filters") == kept);
  node.restart();
  CHECK(node.store->inventory().size() == 1);
  REQUIRE(node.replace({}));
  node.restart();
  CHECK(node.store->inventory().empty());
}

TEST_CASE("a set that was not durable is not there after a crash") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  Order order;
  order.kind = OrderKind::kArtifacts;
  order.deployment = "d9";
  Report report;
  report.deployment = "d9";
  node.disk.call([&] { node.store->replace(order, report, a_set("return 2"), [](const Result<>&) {}); });
  node.restart();
  CHECK(*shared_sources(node.store->held()).at("filters") == "return 1");
  CHECK(node.disk.store().report("d9") == nullptr);
}

TEST_CASE("secrets are on disk in no readable form; what has none is") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  auto upper = [](std::string hex) {
    for (auto& c : hex) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return hex;
  };
  const auto disk = node.bytes_on_disk();
  CHECK(disk.find(upper(to_hex(kSecret))) == std::string::npos);
  CHECK(disk.find(upper(to_hex("erp.example.com"))) == std::string::npos);
  CHECK(disk.find(upper(to_hex("return 1"))) != std::string::npos);
}

TEST_CASE("under another key what holds secrets is not held, and can be brought again") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  node.secrets.emplace(SecretBox::generate());
  node.restart();
  CHECK(node.store->unreadable() == std::vector<std::string>{"external-systems/erp"});
  CHECK(node.store->inventory().size() == 1);
  CHECK(node.store->holds("shared-scripts/filters"));
  REQUIRE(node.replace(a_set("return 1")));
  node.restart();
  CHECK(node.store->unreadable().empty());
  CHECK(node.store->inventory().size() == 2);
}

TEST_CASE("a stored artifact that was exchanged for another is not held") {
  ArtifactDisk node;
  auto two = a_set("return 1");
  two.emplace("external-systems/mes", held(ExternalSystem{.base_url = "https://mes.example.com"}));
  REQUIRE(node.replace(two));
  REQUIRE(node.disk.database().write_now([](soci::session& sql) -> Result<> {
    sql << "UPDATE artifacts SET (revision, bytes) = (SELECT revision, bytes FROM artifacts "
           "WHERE key = 'external-systems/mes') WHERE key = 'external-systems/erp'";
    return {};
  }));
  node.restart();
  CHECK(node.store->unreadable() == std::vector<std::string>{"external-systems/erp"});
}

TEST_CASE("more than a node holds is refused, and what it held stays") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  HeldArtifacts large;
  const HeldArtifact document{std::string(64, 'a'),
                              std::make_shared<const std::string>(wire::kMaxArtifact, 'x'),
                              std::make_shared<const Artifact>(SharedScript{"return 1"})};
  for (std::size_t i = 0; i <= wire::kMaxArtifactBytes / wire::kMaxArtifact; ++i)
    large.emplace("shared-scripts/s" + std::to_string(i), document);
  CHECK(node.replace(large).error().code == ErrorCode::kExhausted);
  CHECK(node.store->inventory().size() == 2);
}

TEST_CASE("deleting an instance touches its own rows alone") {
  ArtifactDisk node;
  REQUIRE(node.replace(a_set("return 1")));
  // As another room's table for messages that have still to be sent would be.
  REQUIRE(node.disk.database().write_now([](soci::session& sql) -> Result<> {
    sql << "CREATE TABLE messages (instance TEXT NOT NULL)";
    sql << "INSERT INTO messages VALUES ('Pump1')";
    return {};
  }));
  Order order;
  order.instance = "Pump1";
  order.deployment = "delete-1";
  Report report;
  report.deployment = order.deployment;
  report.instance = order.instance;
  REQUIRE(node.disk.outcome_of([&](auto done) { node.disk.store().drop(order, report, done); }));
  const auto left = node.disk.database().read_now([](soci::session& sql) -> Result<int> {
    int messages = 0;
    sql << "SELECT count(*) FROM messages WHERE instance = 'Pump1'", soci::into(messages);
    return messages;
  });
  CHECK(left.value() == 1);
  CHECK(node.store->inventory().size() == 2);
}

}  // namespace fieldline::store

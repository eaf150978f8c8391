#include "coordinator/catalog/catalog.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"
#include "common/sql/group_commit.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/templates/sealing.hpp"

using namespace fieldline;
using namespace fieldline::catalog;
using templates::DocumentKey;
using templates::DocumentKind;
using templates::TextFormat;

namespace {

constexpr std::string_view kPlant = R"(
kind: Site
name: north
---
kind: Site
name: south
---
kind: Template
name: Base
spec: {attributes: {A: {type: int}}}
---
kind: Template
name: T
spec: {parent: Base}
---
kind: Instance
name: P
spec: {site: north, template: T}
)";

const DocumentKey kBase{DocumentKind::kTemplate, "Base"};
const DocumentKey kT{DocumentKind::kTemplate, "T"};
const DocumentKey kP{DocumentKind::kInstance, "P"};

// Writes at once, and can lose the answer of a commit as a server does that goes away.
class ForgetfulDatabase final : public sql::Database {
 public:
  explicit ForgetfulDatabase(const Clock& clock)
      : link_(std::move(*open_writer(
            {.connection = "sqlite::memory:", .name = "test", .migrations = database::migrations()},
            clock))) {}
  Result<> write_now(Write write) override {
    Result<> outcome;
    auto taken = enqueue_write(std::move(write), [&](Result<> told) { outcome = std::move(told); });
    return taken ? outcome : taken;
  }
  bool forgets = false;

 private:
  Result<> enqueue_write(Write write, Done settle) override {
    sql::PendingWrite one{std::move(write), [&](Result<> outcome) {
                            settle(forgets ? Result<>(fail(ErrorCode::kUnavailable, "lost in mid-commit"))
                                           : std::move(outcome));
                          }};
    sql::commit_group(link_, {&one, 1});
    return {};
  }
  Result<> enqueue_read(Read read) override { return run_read_now(read); }
  Result<> run_read_now(const Read& read) override {
    if (forgets) return fail(ErrorCode::kUnavailable, "lost");
    read(link_);
    return {};
  }

  sql::Link link_;
};

class World {
 public:
  World() {
    auto opened = sql::open_inline(
        {.connection = "sqlite::memory:", .name = "test", .migrations = database::migrations()},
        time.executor());
    if (!opened) FAIL(opened.error().describe());
    use(std::move(*opened));
  }

  void use(std::unique_ptr<sql::Database> other) {
    catalog.reset();
    records.reset();
    database = std::move(other);
    records.emplace(*database);
    restart();
  }

  // A new catalog over the same database.
  void restart() {
    catalog = std::make_unique<Catalog>(Catalog::Neighbours{*loop, *worker, *records, box});
    const auto started = catalog->start();
    if (!started) FAIL(started.error().describe());
  }

  template <class T, class Call>
  Result<T> wait(Call call) {
    auto answer = std::make_shared<std::optional<Result<T>>>();
    loop->post([call, answer] { call([answer](Result<T> outcome) { *answer = std::move(outcome); }); });
    REQUIRE(time.run_until([&] { return answer->has_value(); }, std::chrono::seconds(5)));
    return std::move(**answer);
  }

  Result<std::vector<Applied>> apply(std::string_view text, bool dry_run = false) {
    return wait<std::vector<Applied>>([&, text = std::string(text)](Answer<std::vector<Applied>> done) {
      catalog->apply(text, TextFormat::kYaml, dry_run, "erin", std::move(done));
    });
  }
  Result<Applied> put(const DocumentKey& key, std::string_view text, const IfMatch& if_match) {
    return wait<Applied>([&, text = std::string(text)](Answer<Applied> done) {
      catalog->put(key, text, TextFormat::kYaml, if_match, "erin", std::move(done));
    });
  }
  Result<Revision> remove(const DocumentKey& key, const IfMatch& if_match) {
    return wait<Revision>(
        [&](Answer<Revision> done) { catalog->remove(key, if_match, "erin", std::move(done)); });
  }
  Revision revision(const DocumentKey& key) { return catalog->library()->find(key)->revision; }

  VirtualTime time;
  const SecretBox box = SecretBox::generate();
  std::unique_ptr<Executor> loop = time.executor();
  std::unique_ptr<Worker> worker = time.worker();
  std::unique_ptr<sql::Database> database;
  std::optional<database::DocumentRecords> records;
  std::unique_ptr<Catalog> catalog;
};

ErrorCode code(const auto& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.error().code;
}

}  // namespace

TEST_CASE(
    "a secret is kept sealed over restarts, replaced when it is written anew, and gone with its document") {
  World world;
  const auto mail = [](std::string_view password) {
    return fmt::format(
        "{{kind: SmtpSettings, name: mail, spec: {{host: m, sender: 'a@b', user: u, password: {}}}}}",
        password);
  };
  const DocumentKey key{DocumentKind::kSmtpSettings, "mail"};
  const auto secret = [&] {
    return templates::reveal(*world.catalog->library()->find(key), "password", world.box).value();
  };
  CHECK(code(world.apply(mail("{set: true}"))) == ErrorCode::kValidationFailed);
  REQUIRE(world.apply(mail("s3cret")));
  const auto first = world.revision(key);
  world.restart();
  CHECK(world.revision(key) == first);
  CHECK(secret() == "s3cret");
  CHECK(world.apply(mail("{set: true}"))->front().outcome == Outcome::kUnchanged);
  CHECK(world.apply(mail("s3cret"))->front().outcome == Outcome::kUnchanged);
  const auto dry = world.apply(mail("n3w"), true);
  REQUIRE(world.apply(mail("n3w")));
  CHECK(world.revision(key) == dry->front().revision);
  CHECK(world.revision(key) != first);
  world.restart();
  CHECK(secret() == "n3w");
  REQUIRE(
      world.apply("{kind: SmtpSettings, name: mail, spec: {host: m, sender: 'c@d', user: u, password: "
                  "{set: true}}}"));
  world.restart();
  CHECK(secret() == "n3w");
  REQUIRE(world.remove(key, "*"));
  CHECK(world.records->secrets()->empty());
  CHECK(code(world.apply(mail("{set: true}"))) == ErrorCode::kValidationFailed);
}

TEST_CASE("what was applied is there after a restart, as it was") {
  World world;
  const auto applied = world.apply(kPlant);
  REQUIRE(applied);
  REQUIRE(applied->size() == 5);
  for (const auto& document : *applied) CHECK(document.outcome == Outcome::kCreated);
  const auto before = export_documents(world.catalog->library()->all(), TextFormat::kYaml);
  world.restart();
  CHECK(export_documents(world.catalog->library()->all(), TextFormat::kYaml) == before);
}

TEST_CASE("applying an export changes nothing") {
  World world;
  REQUIRE(world.apply(kPlant));
  const auto library = world.catalog->library();
  const auto again = world.apply(export_documents(library->all(), TextFormat::kYaml));
  REQUIRE(again);
  for (const auto& document : *again) CHECK(document.outcome == Outcome::kUnchanged);
  CHECK(world.catalog->library() == library);
}

TEST_CASE("one document that is wrong keeps all others out") {
  World world;
  REQUIRE(world.apply(kPlant));
  const auto library = world.catalog->library();
  const auto refused = world.apply(
      "{kind: Template, name: New}\n---\n{kind: Template, name: Bad, spec: {scripts: {S: {source: 'if "
      "then'}}}}");
  CHECK(code(refused) == ErrorCode::kValidationFailed);
  CHECK(refused.error().findings.at(0).path == "templates/Bad/scripts/S:1");
  CHECK(world.catalog->library() == library);
  CHECK(code(world.apply("kind: [")) == ErrorCode::kInvalid);
}

TEST_CASE("a dry run answers as the apply would, and writes nothing") {
  World world;
  REQUIRE(world.apply(kPlant));
  const std::string_view change =
      "{kind: Template, name: Base, spec: {attributes: {A: {type: bool}}}}\n---\n"
      "{kind: Template, name: New}\n---\n{kind: Site, name: north}";
  const auto dry = world.apply(change, true);
  REQUIRE(dry);
  CHECK((*dry)[0].outcome == Outcome::kChanged);
  CHECK((*dry)[1].outcome == Outcome::kCreated);
  CHECK((*dry)[2].outcome == Outcome::kUnchanged);
  CHECK(world.catalog->library()->find(DocumentKind::kTemplate, "New") == nullptr);
  CHECK(*world.apply(change) == *dry);
}

TEST_CASE("to change what exists, one must have seen it as it is") {
  World world;
  REQUIRE(world.apply(kPlant));
  const std::string_view text = "{kind: Template, name: Base, spec: {attributes: {A: {type: bool}}}}";
  const auto seen = world.revision(kBase);
  CHECK(code(world.put(kBase, text, std::nullopt)) == ErrorCode::kPreconditionRequired);
  CHECK(code(world.put(kBase, text, "other")) == ErrorCode::kPreconditionFailed);
  const auto changed = world.put(kBase, text, seen);
  REQUIRE(changed);
  CHECK(changed->outcome == Outcome::kChanged);
  CHECK(changed->revision == world.revision(kBase));
  CHECK(code(world.put(kBase, text, seen)) == ErrorCode::kPreconditionFailed);
  CHECK(world.put(kBase, text, "*")->outcome == Outcome::kUnchanged);
}

TEST_CASE("what does not exist is created without a precondition, and with one it is gone") {
  World world;
  const DocumentKey key{DocumentKind::kTemplate, "New"};
  CHECK(code(world.put(key, "{kind: Template, name: New}", "*")) == ErrorCode::kPreconditionFailed);
  CHECK(world.put(key, "{kind: Template, name: New}", std::nullopt)->outcome == Outcome::kCreated);
  CHECK(code(world.put(key, "{kind: Template, name: Other}", "*")) == ErrorCode::kInvalid);
}

TEST_CASE("of two who change the same revision at once, one is told so") {
  World world;
  REQUIRE(world.apply(kPlant));
  const auto seen = world.revision(kBase);
  std::vector<Result<Applied>> outcomes;
  world.loop->post([&] {
    for (const auto* type : {"bool", "string"}) {
      world.catalog->put(
          kBase,
          fmt::format("{{kind: Template, name: Base, spec: {{attributes: {{A: {{type: {}}}}}}}}}", type),
          TextFormat::kYaml, seen, "erin", [&](Result<Applied> outcome) { outcomes.push_back(outcome); });
    }
  });
  REQUIRE(world.time.run_until([&] { return outcomes.size() == 2; }, std::chrono::seconds(5)));
  CHECK(outcomes[0]);
  CHECK(code(outcomes[1]) == ErrorCode::kPreconditionFailed);
}

TEST_CASE("what others need is not removed, and they are named") {
  World world;
  REQUIRE(world.apply(kPlant));
  const auto refused = world.remove(kBase, "*");
  CHECK(code(refused) == ErrorCode::kConflict);
  REQUIRE(refused.error().findings.size() == 1);
  CHECK(refused.error().findings[0].path == "templates/T");
  CHECK(code(world.remove(kP, std::nullopt)) == ErrorCode::kPreconditionRequired);
  CHECK(code(world.remove({DocumentKind::kInstance, "Q"}, "*")) == ErrorCode::kNotFound);
  REQUIRE(world.remove(kP, world.revision(kP)));
  REQUIRE(world.remove(kT, "*"));
  REQUIRE(world.remove(kBase, "*"));
  world.restart();
  CHECK(world.catalog->library()->all(DocumentKind::kTemplate).empty());
}

TEST_CASE("a deployed instance neither moves nor goes, until its site has confirmed") {
  World world;
  REQUIRE(world.apply(kPlant));
  bool deployed = true;
  world.catalog->set_deployed([&](const std::string&) { return deployed; });
  const std::string_view moved = "{kind: Instance, name: P, spec: {site: south, template: T}}";
  CHECK(code(world.apply(moved)) == ErrorCode::kConflict);
  CHECK(code(world.remove(kP, "*")) == ErrorCode::kConflict);
  CHECK(world.apply("{kind: Instance, name: P, spec: {site: north, area: hall, template: T}}"));
  const auto confirmed = world.wait<void>(
      [&](Answer<void> done) { world.catalog->remove_undeployed("P", "erin", std::move(done)); });
  CHECK(confirmed);
  REQUIRE(world.apply(kPlant));
  deployed = false;
  CHECK(world.apply(moved));
}

TEST_CASE("listeners see both snapshots, once the change is on the disk") {
  World world;
  int changes = 0;
  world.catalog->on_change([&](const LibraryPointer& before, const LibraryPointer& after) {
    ++changes;
    CHECK(before->all().empty());
    CHECK(after->all().size() == 5);
    CHECK(world.catalog->library() == after);
  });
  REQUIRE(world.apply(kPlant));
  REQUIRE(world.apply(kPlant));
  CHECK(changes == 1);
}

TEST_CASE("who writes while too many wait is told so at once") {
  World world;
  int taken = 0;
  int exhausted = 0;
  world.loop->post([&] {
    for (int i = 0; i < 100; ++i) {
      world.catalog->apply(fmt::format("{{kind: Site, name: s{}}}", i), TextFormat::kYaml, false, "erin",
                           [&](Result<std::vector<Applied>> outcome) {
                             if (outcome)
                               ++taken;
                             else if (outcome.error().code == ErrorCode::kExhausted)
                               ++exhausted;
                           });
    }
  });
  REQUIRE(world.time.run_until([&] { return taken + exhausted == 100; }, std::chrono::seconds(30)));
  CHECK(taken == 33);  // the one under way, and kMaxWaitingWrites
  CHECK(world.catalog->library()->all().size() == 33);
}

TEST_CASE("a row that was damaged is named when the catalog starts") {
  World world;
  REQUIRE(world.apply(kPlant));
  REQUIRE(world.database->write_now([](soci::session& sql) -> Result<> {
    sql << "UPDATE documents SET body = '{}' WHERE name = 'T'";
    return {};
  }));
  Catalog catalog({*world.loop, *world.worker, *world.records, world.box});
  const auto started = catalog.start();
  CHECK(code(started) == ErrorCode::kCorrupt);
  CHECK(started.error().message.find("Template T") != std::string::npos);
}

TEST_CASE("what a lost database holds without having said so is seen before anything is planned upon it") {
  World world;
  auto forgetful = std::make_unique<ForgetfulDatabase>(world.loop->clock());
  auto& database = *forgetful;
  world.use(std::move(forgetful));
  REQUIRE(world.apply(kPlant));
  database.forgets = true;
  CHECK(world.apply("{kind: Instance, name: Q, spec: {site: south, template: T}}").error().code ==
        ErrorCode::kUnavailable);
  CHECK(world.catalog->library()->find({DocumentKind::kInstance, "Q"}) == nullptr);
  // As long as it is lost, nothing is planned.
  CHECK(world.remove(kP, "*").error().code == ErrorCode::kUnavailable);
  CHECK(world.catalog->library()->find(kP) != nullptr);
  database.forgets = false;
  std::vector<LibraryPointer> seen;
  world.catalog->on_change(
      [&](const LibraryPointer&, const LibraryPointer& after) { seen.push_back(after); });
  CHECK(world.remove({DocumentKind::kSite, "south"}, "*").error().code == ErrorCode::kConflict);
  CHECK(world.catalog->library()->find({DocumentKind::kInstance, "Q"}) != nullptr);
  CHECK(seen.size() == 1);
  CHECK(world.remove({DocumentKind::kInstance, "Q"}, "*"));
}

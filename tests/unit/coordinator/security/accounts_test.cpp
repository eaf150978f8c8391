#include "coordinator/security/accounts.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/security/limits.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::security {
namespace {

using namespace std::chrono_literals;

const Grants kAdminGrants{{Role::kAdmin, std::nullopt}};
const Grants kViewerGrants{{Role::kViewer, std::nullopt}};

std::string content(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// One run of a coordinator on a disk that may have seen others.
struct Run {
  explicit Run(const sql::ScratchFolder& folder_)
      : folder(folder_),
        database(std::move(
            sql::open_inline({folder.connection("c.db"), "test", database::migrations()}, time.executor())
                .value())),
        rows(*database),
        accounts(std::move(Accounts::open(rows, *loop, (folder / "").string()).value())) {}

  // Runs `start` on the loop with a callback, and waits for the outcome.
  template <class T, class Start>
  Result<T> wait(Start start) {
    std::optional<Result<T>> outcome;
    loop->post([&] { start([&](Result<T> result) { outcome.emplace(std::move(result)); }); });
    time.run_for(1s);
    return std::move(outcome.value());
  }
  Result<Accounts::Put> put(const std::string& name, const Grants& grants,
                            std::optional<std::string> password = std::nullopt) {
    return wait<Accounts::Put>([&](auto done) {
      accounts->put_user(
          name, std::move(password), grants, [](const auto&) { return Result<>(); }, done);
    });
  }
  Result<> remove(const std::string& name) {
    return wait<void>([&](auto done) {
      accounts->remove_user(
          name, [](const auto&) { return Result<>(); }, done);
    });
  }
  Result<std::string> token(const std::string& name, const std::string& owner, const Grants& grants,
                            std::optional<Timestamp> expires = std::nullopt) {
    return wait<std::string>([&](auto done) {
      accounts->add_token({{}, name, owner, grants, {}, expires}, done);
    });
  }
  Result<> remove_token(const std::string& name) {
    return wait<void>([&](auto done) { accounts->remove_token(name, done); });
  }

  VirtualTime time;
  const sql::ScratchFolder& folder;
  std::unique_ptr<Executor> loop = time.executor();
  std::unique_ptr<sql::Database> database;
  database::AccountRecords rows;
  std::unique_ptr<Accounts> accounts;
};

std::string first_token(const sql::ScratchFolder& folder) {
  auto text = content(folder / "admin-token");
  text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("the first start leaves one token, for its owner alone, and the database has only its hash") {
  const sql::ScratchFolder folder;
  std::string token;
  {
    const Run run(folder);
    struct stat status {};
    REQUIRE(::stat((folder / "admin-token").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    token = first_token(folder);
    CHECK(token.size() == 53);
    const auto owner = run.accounts->of_token(token);
    REQUIRE(owner);
    CHECK(owner->name == "admin");
    CHECK(may_everywhere(*owner, Permission::kAdminister));
    CHECK_FALSE(run.accounts->of_token(token + "x"));
    CHECK_FALSE(run.accounts->of_token(""));
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) {
    if (entry.path().filename() != kFirstTokenFile)
      CHECK(content(entry.path()).find(token) == std::string::npos);
  }
}

TEST_CASE("a later start knows everybody, and makes no other token") {
  const sql::ScratchFolder folder;
  std::string secret;
  {
    Run run(folder);
    REQUIRE(run.put("ann", {{Role::kDeployer, {{"north"}}}}, "hash"));
    secret = run.token("laptop", "ann", {}).value();
  }
  const auto first = first_token(folder);
  const Run run(folder);
  CHECK(first_token(folder) == first);
  CHECK(run.accounts->of_token(first));
  const auto ann = run.accounts->of_token(secret);
  REQUIRE(ann);
  CHECK(ann->name == "ann");
  CHECK(ann->is_user);
  CHECK(may_at(*ann, Permission::kDeploy, "north"));
  CHECK_FALSE(may_at(*ann, Permission::kDeploy, "south"));
  CHECK(run.accounts->book()->users.at("ann").password == "hash");
}

TEST_CASE("when the token can't be left for anyone, no hash is stored") {
  const sql::ScratchFolder folder;
  VirtualTime time;
  const auto loop = time.executor();
  const auto database = std::move(
      sql::open_inline({folder.connection("c.db"), "test", database::migrations()}, time.executor()).value());
  database::AccountRecords rows(*database);
  CHECK_FALSE(Accounts::open(rows, *loop, (folder / "missing").string()));
  CHECK(rows.tokens().value().empty());
}

TEST_CASE("two changes at once can't take both of the last two administrators") {
  const sql::ScratchFolder folder;
  Run run(folder);
  REQUIRE(run.put("ann", kAdminGrants));
  REQUIRE(run.put("bob", kAdminGrants));
  std::vector<bool> outcomes;
  run.loop->post([&] {
    for (const auto* name : {"ann", "bob"})
      run.accounts->put_user(
          name, std::nullopt, kViewerGrants, [](const auto&) { return Result<>(); },
          [&](const Result<Accounts::Put>& put) { outcomes.push_back(put.has_value()); });
  });
  run.time.run_for(1s);
  CHECK(outcomes == std::vector{true, false});
  CHECK(run.remove("bob").error().code == ErrorCode::kConflict);
  CHECK(run.remove_token("admin"));
}

TEST_CASE("a token that expires is no last administrator") {
  const sql::ScratchFolder folder;
  Run run(folder);
  const auto soon = run.time.clock().utc() + 1h;
  const auto brief = run.token("brief", "", kAdminGrants, soon).value();
  CHECK(run.accounts->of_token(brief));
  CHECK(run.remove_token("admin").error().code == ErrorCode::kConflict);
  run.time.run_for(1h);
  const auto hash = run.accounts->book()->token_named("brief")->hash;
  CHECK_FALSE(run.accounts->of_token(brief));
  CHECK_FALSE(run.accounts->holds(hash));
  REQUIRE(run.token("other", "", kAdminGrants));
  CHECK(run.remove_token("admin"));
}

TEST_CASE("a user takes their tokens along, and a name stands for one of them only") {
  const sql::ScratchFolder folder;
  Run run(folder);
  REQUIRE(run.put("ann", kViewerGrants));
  const auto secret = run.token("laptop", "ann", {}).value();
  CHECK(run.put("admin", kViewerGrants).error().code == ErrorCode::kConflict);
  CHECK(run.token("ann", "", kViewerGrants).error().code == ErrorCode::kConflict);
  CHECK(run.token("laptop", "", kViewerGrants).error().code == ErrorCode::kConflict);
  CHECK(run.token("phone", "nobody", {}).error().code == ErrorCode::kInvalid);
  REQUIRE(run.remove("ann"));
  CHECK_FALSE(run.accounts->of_token(secret));
  CHECK(run.remove("ann").error().code == ErrorCode::kNotFound);
  CHECK(run.remove_token("laptop").error().code == ErrorCode::kNotFound);
}

TEST_CASE("changes that wait are bounded") {
  const sql::ScratchFolder folder;
  Run run(folder);
  std::size_t done = 0;
  std::size_t refused = 0;
  run.loop->post([&] {
    for (std::size_t i = 0; i < kWaitingChanges + 5; ++i)
      run.accounts->put_user(
          "user" + std::to_string(i), std::nullopt, kViewerGrants, [](const auto&) { return Result<>(); },
          [&](const Result<Accounts::Put>& put) { ++(put ? done : refused); });
  });
  run.time.run_for(10s);
  CHECK(done == kWaitingChanges);
  CHECK(refused == 5);
}

}  // namespace fieldline::security

// A PostgreSQL server that is killed while groups of writes are under way.
#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "common/sql/threaded_database.hpp"
#include "tests/contract/sql/test_loop.hpp"
#include "tests/postgresql/places.hpp"

namespace fieldline::sql {
namespace {

// No key: a write that is repeated would show.
constexpr std::array kEntries{Migration{1, "entries", "CREATE TABLE entries (x INTEGER NOT NULL) STRICT"}};
// Writes that are under way at any time.
constexpr int kWindow = 64;

Database::Write entry(int value) {
  return [value](soci::session& sql) -> Result<> {
    sql << "INSERT INTO entries VALUES (:x)", soci::use(value);
    return {};
  };
}

// Writes 0, 1, 2 … and keeps what it was answered of each.
class Clerk {
 public:
  Clerk(Database& database, TestLoop& loop) : database_(database), loop_(loop) {}

  // Goes on until `enough`, which is asked after each answer; for a minute at most.
  void write_until(const std::function<bool()>& enough) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!enough()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      while (next_ - answered_ < kWindow) submit();
      const auto before = answered_;
      const auto refused = refused_.size();
      REQUIRE(loop_.run_until([&] { return answered_ > before; }));
      // A client waits before it tries again.
      if (refused_.size() > refused) ::poll(nullptr, 0, 5);
    }
  }
  void finish() {
    REQUIRE(loop_.run_until([&] { return answered_ == next_; }));
  }
  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_.size(); }
  [[nodiscard]] std::size_t refused() const { return refused_.size(); }

  void compare(const std::string& connection) const {
    std::map<int, int> times;
    auto session = Session::open(connection);
    REQUIRE(session);
    int value = 0;
    soci::statement rows = (session->soci().prepare << "SELECT x FROM entries", soci::into(value));
    rows.execute();
    while (rows.fetch()) ++times[value];
    int lost = 0;
    int repeated = 0;
    int unknown = 0;
    for (const int x : acknowledged_) lost += times.contains(x) ? 0 : 1;
    for (const auto& [x, count] : times) {
      repeated += count > 1 ? 1 : 0;
      unknown += acknowledged_.contains(x) || refused_.contains(x) ? 0 : 1;
    }
    CHECK(lost == 0);
    CHECK(repeated == 0);
    CHECK(unknown == 0);
  }

 private:
  void submit() {
    const int x = next_++;
    REQUIRE(database_.submit(
        entry(x),
        [this, x](const Result<>& outcome) {
          ++answered_;
          (outcome ? acknowledged_ : refused_).insert(x);
          if (!outcome) CHECK(outcome.error().code == ErrorCode::kUnavailable);
        },
        loop_));
  }

  Database& database_;
  TestLoop& loop_;
  int next_ = 0;
  int answered_ = 0;
  std::set<int> acknowledged_;
  std::set<int> refused_;
};

// The server's process behind the connection that writes.
pid_t process_of_writer(const std::string& connection) {
  auto session = Session::open(connection);
  REQUIRE(session);
  int process = 0;
  session->soci() << "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
                     "(SELECT oid FROM pg_database WHERE datname = current_database())",
      soci::into(process);
  REQUIRE(process > 0);
  return process;
}

// Asks until the server is there: a process of it dies for its clients before the rest of it notices.
long long rows_seen(Database& database) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (true) {
    const auto seen = database.read_now([](soci::session& sql) {
      long long rows = 0;
      sql << "SELECT count(*) FROM entries", soci::into(rows);
      return rows;
    });
    if (seen) return *seen;
    INFO(seen.error().describe());
    REQUIRE(seen.error().code == ErrorCode::kUnavailable);
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    ::poll(nullptr, 0, 5);
  }
}

TEST_CASE(
    "what was acknowledged is there after the server was killed in mid-commit, nothing is written twice, "
    "and writing goes on by itself") {
  auto& cluster = Cluster::shared();
  const PostgresqlPlace place;
  TestLoop loop;
  auto database = open_threaded({place.connection(), "lost", kEntries, kWriteQueue, kReadQueue});
  REQUIRE(database);
  Clerk clerk(**database, loop);
  for (int round = 0; round < 4; ++round) {
    const auto enough = clerk.acknowledged() + 500;
    clerk.write_until([&] { return clerk.acknowledged() >= enough; });
    const auto refused = clerk.refused();
    // One process of the server, upon which it restarts itself; or all of it.
    if (round % 2 == 0) {
      REQUIRE(::kill(process_of_writer(place.connection()), SIGKILL) == 0);
    } else {
      cluster.crash();
    }
    clerk.write_until([&] { return clerk.refused() > refused; });
    clerk.finish();
    if (round % 2 != 0) cluster.start();
    cluster.wait_until_ready();
    const auto before = clerk.acknowledged();
    clerk.write_until([&] { return clerk.acknowledged() > before; });
    CHECK(rows_seen(**database) >= static_cast<long long>(clerk.acknowledged()));
  }
  clerk.finish();
  clerk.compare(place.connection());
}

TEST_CASE("writes whose commit was under way when the server was lost are told that nobody knows") {
  const PostgresqlPlace place;
  TestLoop loop;
  auto database = open_threaded({place.connection(), "lost", kEntries, kWriteQueue, kReadQueue});
  REQUIRE(database);
  auto session = Session::open(place.connection());
  REQUIRE(session);
  // A commit of the entry 7 that takes as long as the test needs.
  REQUIRE(
      session->run("CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
                   "'BEGIN PERFORM pg_sleep(20); RETURN NULL; END';"
                   "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED "
                   "FOR EACH ROW WHEN (NEW.x = 7) EXECUTE FUNCTION linger()"));
  std::optional<Result<>> outcome;
  REQUIRE((*database)->submit(
      entry(7), [&](const Result<>& told) { outcome = told; }, loop));
  int lingering = 0;
  while (lingering == 0) {
    session->soci()
        << "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'PgSleep'",
        soci::into(lingering);
  }
  REQUIRE(
      session->run(fmt::format("SELECT pg_terminate_backend({})", process_of_writer(place.connection()))));
  REQUIRE(loop.run_until([&] { return outcome.has_value(); }));
  REQUIRE_FALSE(*outcome);
  CHECK(outcome->error().code == ErrorCode::kUnavailable);
  CHECK(outcome->error().message.find("whether this was written is not known") != std::string::npos);
  CHECK((*database)->write_now(entry(8)));
}

}  // namespace
}  // namespace fieldline::sql

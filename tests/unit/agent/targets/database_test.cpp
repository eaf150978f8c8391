#include <signal.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "agent/targets/limits.hpp"
#include "common/sql/session.hpp"
#include "tests/postgresql/cluster.hpp"
#include "tests/unit/agent/targets/site.hpp"

using namespace fieldline;
using namespace fieldline::targets;
using Catch::Contains;
using Catch::StartsWith;

namespace {

class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "fieldline-targets-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// A site with the connection "history", of either kind.
struct Archive : Site {
  void use_sqlite() {
    connection = {.backend = DatabaseBackend::kSqlite,
                  .database = folder.file("plant.db"),
                  .host = "",
                  .password = "",
                  .salt = "",
                  .user = ""};
    auto made = sql::Session::open("sqlite:" + connection.database);
    REQUIRE(made);
    hold_connection();
  }
  void use_postgresql() {
    const auto& cluster = sql::Cluster::shared();
    cluster.run("DROP TABLE IF EXISTS levels, fieldline_deliveries");
    connection = {.database = "postgres",
                  .host = cluster.folder().string(),
                  .password = "",
                  .salt = "",
                  .user = "fieldline"};
    hold_connection();
  }
  void hold_connection() { hold(ArtifactKind::kDatabaseConnection, "history", connection); }

  Outcome write(std::string statement, std::map<std::string, Value> parameters = {},
                std::uint64_t sequence = 1) {
    return deliver("database-connections/history", DatabaseWrite{std::move(parameters), std::move(statement)},
                   sequence);
  }
  std::string rows(std::string statement, std::map<std::string, Value> parameters = {}) {
    const auto answer = query({std::move(parameters), std::move(statement)});
    if (!answer) CHECK_THAT(answer.error().describe(), !Contains(kSecret));
    return answer ? answer->dump() : std::string(name(answer.error().code));
  }
  void make_levels() {
    CHECK(said(write("CREATE TABLE levels (tank TEXT PRIMARY KEY, level REAL)", {}, 1000)) ==
          "delivered: 0 rows");
  }

  Folder folder;
  DatabaseConnection connection;
};

struct EitherDatabase : Archive {
  EitherDatabase() {
    const bool on_postgresql = GENERATE(false, true);
    CAPTURE(on_postgresql);
    on_postgresql ? use_postgresql() : use_sqlite();
    make_levels();
  }
};

}  // namespace

TEST_CASE_METHOD(EitherDatabase, "a write binds its parameters, and a query finds what was written") {
  const auto* statement = "INSERT INTO levels (tank, level) VALUES (:tank, :level)";
  CHECK(said(write(statement, {{"tank", "a'); DROP TABLE levels; --"}, {"level", 2.5}})) ==
        "delivered: 1 row");
  CHECK(said(write(statement, {{"tank", "b"}, {"level", Value()}}, 2)) == "delivered: 1 row");
  CHECK(rows("SELECT tank, level FROM levels WHERE tank > :from ORDER BY tank; ", {{"from", "a"}}) ==
        R"([{"level":2.5,"tank":"a'); DROP TABLE levels; --"},{"level":null,"tank":"b"}])");
  CHECK(rows("SELECT count(*) AS n, 'ü' AS text FROM levels -- how many") == R"([{"n":2,"text":"ü"}])");
  CHECK(rows("SELECT tank FROM levels WHERE level = :level", {{"level", std::int64_t{7}}}) == "[]");
}

TEST_CASE_METHOD(EitherDatabase, "a message delivered twice is written once") {
  const auto* statement = "UPDATE levels SET level = level + 1";
  write("INSERT INTO levels VALUES (:message_id, 0.5)", {}, 7);
  CHECK(said(write(statement, {}, 8)) == "delivered: 1 row");
  CHECK(said(write(statement, {}, 8)) == "delivered: written before");
  open();  // as after a restart
  CHECK(said(write(statement, {}, 8)) == "delivered: written before");
  CHECK(rows("SELECT tank, level FROM levels") == R"([{"level":1.5,"tank":"north.a.3.7"}])");
}

TEST_CASE_METHOD(EitherDatabase, "what the database will never take is refused and leaves no mark") {
  const auto* insert = "INSERT INTO levels (tank) VALUES (:tank)";
  CHECK_THAT(said(write("INSERT INTO nowhere VALUES (1)", {}, 20)), StartsWith("refused: "));
  CHECK_THAT(said(write("INSERT INTO levels VALUES (", {}, 21)), StartsWith("refused: "));
  CHECK_THAT(said(write("INSERT INTO levels (tank) VALUES (:other)", {{"tank", "a"}}, 22)),
             StartsWith("refused: "));
  CHECK_THAT(said(write(std::string(insert) + "; DELETE FROM levels", {{"tank", "a"}}, 23)),
             StartsWith("refused: "));
  CHECK_THAT(said(write("COMMIT", {}, 24)), StartsWith("refused: "));
  CHECK_THAT(said(write("", {}, 25)), StartsWith("refused: "));
  CHECK_THAT(said(write(std::string(kStatementBytes + 1, ' '), {}, 26)), StartsWith("refused: "));
  CHECK_THAT(said(write(insert, {{"tank", std::string("a\0b", 3)}}, 27)), StartsWith("refused: "));
  CHECK(said(write(insert, {{"tank", "a"}}, 28)) == "delivered: 1 row");
  CHECK_THAT(said(write(insert, {{"tank", "a"}}, 29)), StartsWith("refused: "));
  CHECK(said(write(insert, {{"tank", "b"}}, 29)) == "delivered: 1 row");
}

TEST_CASE_METHOD(EitherDatabase, "a query writes nothing") {
  CHECK(rows("INSERT INTO levels VALUES ('x', 1)") == "invalid");
  CHECK(rows("DELETE FROM levels") == "invalid");
  CHECK(rows("SELECT 1; DROP TABLE levels") == "invalid");
  CHECK(rows("SELECT 1 AS a) AS q LIMIT 1) AS b) AS w; DROP TABLE levels --") == "invalid");
  CHECK(rows("COMMIT") == "invalid");
  CHECK(rows("") == "invalid");
  CHECK(rows("SELECT count(*) AS n FROM levels") == R"([{"n":0}])");
}

TEST_CASE_METHOD(EitherDatabase, "a query is bounded in rows and bytes") {
  const std::string numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) ";
  CHECK(query({{}, fmt::format(fmt::runtime(numbers + "SELECT i FROM n"), kRows)})->size() == kRows);
  CHECK(rows(fmt::format(fmt::runtime(numbers + "SELECT i FROM n"), kRows + 1)) == "too-large");
  const auto long_text =
      connection.backend == DatabaseBackend::kSqlite ? "hex(zeroblob(50000))" : "repeat('x', 100000)";
  CHECK(query({{}, fmt::format(fmt::runtime(numbers + "SELECT {} AS t FROM n"), 10, long_text)})->size() ==
        10);
  CHECK(rows(fmt::format(fmt::runtime(numbers + "SELECT {} AS t FROM n"), 11, long_text)) == "too-large");
}

TEST_CASE_METHOD(Archive, "a script's statement stays within the tables of its SQLite file") {
  use_sqlite();
  make_levels();
  const auto other = folder.file("other.db");
  CHECK_THAT(said(write("ATTACH '" + other + "' AS other", {}, 2)), StartsWith("refused: "));
  CHECK_THAT(said(write("VACUUM INTO '" + other + "'", {}, 3)), StartsWith("refused: "));
  CHECK_THAT(said(write("PRAGMA writable_schema = 1", {}, 4)), StartsWith("refused: "));
  CHECK_THAT(said(write("SELECT load_extension('x')", {}, 5)), StartsWith("refused: "));
  CHECK(rows("ATTACH '" + other + "' AS other") == "invalid");
  CHECK(rows("PRAGMA database_list") == "invalid");
  CHECK_FALSE(std::filesystem::exists(other));
}

TEST_CASE_METHOD(Archive, "a SQLite file that is not there, not one or the node's own is not opened") {
  use_sqlite();
  connection.database = folder.file("absent.db");
  hold_connection();
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: "));
  CHECK_FALSE(std::filesystem::exists(connection.database));
  std::ofstream(folder.file("text.db")) << "this is a text that is no database, and long enough to be read";
  connection.database = folder.file("text.db");
  hold_connection();
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: "));
  connection.database = "relative.db";
  hold_connection();
  CHECK_THAT(said(write("SELECT 1")), StartsWith("refused: "));
  Site own(std::filesystem::path(folder.file("plant.db")).parent_path());
  own.hold(ArtifactKind::kDatabaseConnection, "history",
           DatabaseConnection{.backend = DatabaseBackend::kSqlite, .database = folder.file("plant.db")});
  CHECK_THAT(said(own.deliver("database-connections/history", DatabaseWrite{{}, "SELECT 1"})),
             StartsWith("refused: the file is one of the node's own"));
}

TEST_CASE_METHOD(Archive, "a SQLite file that another holds locked postpones the write") {
  use_sqlite();
  make_levels();
  auto other = sql::Session::open("sqlite:" + connection.database);
  REQUIRE(other);
  REQUIRE(other->run("BEGIN EXCLUSIVE"));
  CHECK_THAT(said(write("DELETE FROM levels", {}, 2)), StartsWith("postponed: "));
  REQUIRE(other->run("ROLLBACK"));
  CHECK(said(write("DELETE FROM levels", {}, 2)) == "delivered: 0 rows");
}

TEST_CASE_METHOD(Archive, "a PostgreSQL table that another holds locked postpones the write") {
  use_postgresql();
  make_levels();
  auto other = sql::Session::open(sql::Cluster::shared().address("fieldline", "postgres"));
  REQUIRE(other);
  REQUIRE(other->run("BEGIN; LOCK TABLE levels"));
  CHECK_THAT(said(write("DELETE FROM levels", {}, 2)), StartsWith("postponed: "));
  REQUIRE(other->run("ROLLBACK"));
  CHECK(said(write("DELETE FROM levels", {}, 2)) == "delivered: 0 rows");
}

TEST_CASE_METHOD(Archive, "PostgreSQL cancels a statement that takes too long, and the next one is served") {
  CHECK(times.limit == kStatementTimeout);
  CHECK(times.silence == kSilence);
  use_postgresql();
  make_levels();
  times.limit = std::chrono::seconds(1);
  open();
  const auto start = loop.clock().now();
  CHECK(rows("SELECT pg_sleep(60)") == "unavailable");
  CHECK_THAT(said(write("INSERT INTO levels SELECT 'a', 1 FROM pg_sleep(60)")),
             StartsWith("postponed: ") && Contains("statement timeout"));
  CHECK(loop.clock().now() - start < std::chrono::seconds(10));
  CHECK(rows("SELECT count(*) AS n FROM levels") == R"([{"n":0}])");
  CHECK(said(write("INSERT INTO levels VALUES ('a', 1)")) == "delivered: 1 row");
}

TEST_CASE_METHOD(Archive, "a PostgreSQL server that is silent past its limit is given up and found again") {
  use_postgresql();
  make_levels();
  times = {std::chrono::seconds(1), std::chrono::seconds(1)};
  open();
  const auto server = query({{}, "SELECT pg_backend_pid() AS pid"});
  REQUIRE(server);
  const auto pid = server->at(0).at("pid").get<pid_t>();
  REQUIRE(::kill(pid, SIGSTOP) == 0);
  CHECK(rows("SELECT 1 AS one") == "unavailable");
  CHECK(rows("SELECT 1 AS one") == R"([{"one":1}])");
  REQUIRE(::kill(pid, SIGCONT) == 0);
}

TEST_CASE_METHOD(Archive, "every type of PostgreSQL reaches a script as what it is nearest to") {
  use_postgresql();
  CHECK(
      rows("SELECT true AS b, 9007199254740993 AS i, 1.5::numeric AS n, NULL AS x, '{1,2}'::int[] AS l, "
           "'{\"k\": 1}'::jsonb AS j, timestamptz '2027-01-15 08:00:00+00' AT TIME ZONE 'UTC' AS t, "
           "'\\x0a'::bytea AS y, 'NaN'::float8 AS f") ==
      R"([{"b":true,"f":"NaN","i":9007199254740993,"j":{"k":1},"l":[1,2],"n":1.5,"t":"2027-01-15T08:00:00","x":null,"y":"\\x0a"}])");
  CHECK(rows("SELECT :a::int + :b::int AS sum, :c::bool AS c, :d::timestamptz > '2020-01-01' AS d",
             {{"a", std::int64_t{2}},
              {"b", std::int64_t{3}},
              {"c", true},
              {"d", Timestamp(std::chrono::seconds(1'800'000'000))}}) == R"([{"c":true,"d":true,"sum":5}])");
}

TEST_CASE_METHOD(Archive, "a server that went away postpones, and is found again once it is back") {
  use_postgresql();
  make_levels();
  auto& cluster = sql::Cluster::shared();
  CHECK(rows("SELECT 1 AS n") == R"([{"n":1}])");
  cluster.crash();
  CHECK_THAT(said(write("DELETE FROM levels", {}, 2)), StartsWith("postponed: "));
  CHECK(rows("SELECT 1 AS n") == "unavailable");
  CHECK_THAT(said(write("DELETE FROM levels", {}, 2)), StartsWith("postponed: "));
  cluster.start();
  CHECK(said(write("DELETE FROM levels", {}, 2)) == "delivered: 0 rows");
  CHECK(rows("SELECT 1 AS n") == R"([{"n":1}])");
}

TEST_CASE_METHOD(Archive, "a server off this machine hears nothing unless it speaks TLS") {
  connection = {.database = "postgres",
                .host = "0.0.0.0",  // leads here, but is not known to
                .password = kSecret,
                .port = Peers::shared().port("plain_database"),
                .salt = "",
                .user = "plant"};
  hold_connection();
  const auto heard = [&] {
    hold_system(system("http"));
    return Json::parse(call({.method = "GET", .path = "seen"})->body)["unencrypted"]
        .back()
        .get<std::string>();
  };
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: ") && Contains("SSL"));
  CHECK(heard().empty());
  connection.host = "127.0.0.1";
  hold_connection();
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: "));
  CHECK_THAT(heard(), Contains("plant") && !Contains(kSecret));
}

TEST_CASE_METHOD(Archive, "a password of any letters is passed on, and never told") {
  use_postgresql();
  const std::string password = R"(s3cret-pass  'singlerow=true' \@:/?&=%41 ü)";
  const auto& cluster = sql::Cluster::shared();
  cluster.run(R"(DO $$ BEGIN CREATE ROLE guarded LOGIN; EXCEPTION WHEN duplicate_object THEN END $$)");
  cluster.run(R"(ALTER ROLE guarded PASSWORD 's3cret-pass  ''singlerow=true'' \@:/?&=%41 ü')");
  connection.user = "guarded";
  connection.password = password;
  hold_connection();
  CHECK(rows("SELECT current_user AS who") == R"([{"who":"guarded"}])");
  connection.password = "wrong";
  hold_connection();
  CHECK(rows("SELECT 1") == "unavailable");
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: ") && !Contains("wrong"));
}

TEST_CASE_METHOD(Archive, "where no table may be made, a statement keeps itself from writing twice") {
  use_postgresql();
  make_levels();
  const auto& cluster = sql::Cluster::shared();
  cluster.run(
      "DROP TABLE fieldline_deliveries; DROP ROLE IF EXISTS modest; CREATE ROLE modest LOGIN; "
      "GRANT ALL ON levels TO modest; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
  connection.user = "modest";
  hold_connection();
  const auto* statement = "INSERT INTO levels (tank) VALUES (:message_id) ON CONFLICT DO NOTHING";
  CHECK(said(write(statement, {}, 5)) == "delivered: 1 row");
  CHECK(said(write(statement, {}, 5)) == "delivered: 0 rows");
  CHECK_THAT(said(write("DROP TABLE levels", {}, 6)), StartsWith("refused: "));
  cluster.run("REVOKE ALL ON levels FROM modest; DROP ROLE modest");
}

TEST_CASE_METHOD(Archive, "values that do not fit are refused without being repeated") {
  use_postgresql();
  CHECK(said(write("CREATE TABLE levels (n INTEGER CHECK (n < 10))", {}, 1)) == "delivered: 0 rows");
  CHECK_THAT(said(write("INSERT INTO levels VALUES (:n)", {{"n", kSecret}}, 2)), StartsWith("refused: "));
  CHECK_THAT(said(write("INSERT INTO levels VALUES (:n)", {{"n", std::int64_t{77123}}}, 3)),
             StartsWith("refused: ") && !Contains("77123"));
}

TEST_CASE_METHOD(Archive, "targets that end wait for no statement") {
  use_postgresql();
  bool answered = false;
  targets->query("history", {{}, "SELECT pg_sleep(25)"}, [&](const Result<Json>&) { answered = true; });
  auto watcher = sql::Session::open(sql::Cluster::shared().address("fieldline", "postgres"));
  REQUIRE(watcher);
  int sleeping = 0;
  REQUIRE(loop.run_until(
      [&] {
        watcher->soci()
            << "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(25)%' AND state = "
               "'active' AND pid <> pg_backend_pid()",
            soci::into(sleeping);
        return sleeping > 0;
      },
      std::chrono::seconds(10)));
  const auto before = std::chrono::steady_clock::now();
  targets.reset();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(5));
  CHECK_FALSE(loop.run_until([&] { return answered; }, std::chrono::milliseconds(10)));
}

TEST_CASE_METHOD(Archive, "a changed connection is the one that is used from then on") {
  use_sqlite();
  make_levels();
  CHECK(rows("SELECT count(*) AS n FROM levels") == R"([{"n":0}])");
  const auto other = folder.file("other.db");
  REQUIRE(sql::Session::open("sqlite:" + other)
              ->run("CREATE TABLE levels (n INT); INSERT INTO levels VALUES (5)"));
  connection.database = other;
  hold_connection();
  CHECK(rows("SELECT * FROM levels") == R"([{"n":5}])");
}

TEST_CASE_METHOD(Archive, "a connection that is not at the site postpones a write and fails a query") {
  CHECK_THAT(said(write("SELECT 1")), StartsWith("postponed: database-connections/history"));
  CHECK(rows("SELECT 1") == "not-found");
}

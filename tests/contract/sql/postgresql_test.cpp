// What PostgreSQL alone has: passwords, one writer at a time, sessions that the server ends.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "common/base/time.hpp"
#include "common/sql/bytes.hpp"
#include "common/sql/inline_database.hpp"
#include "common/sql/tenure.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/postgresql/places.hpp"

namespace fieldline::sql {
namespace {

Opening without_schema(const std::string& connection) {
  return {connection, "alone", {}, kWriteQueue, kReadQueue};
}

TEST_CASE("a password comes from its file, and appears nowhere") {
  auto& cluster = Cluster::shared();
  cluster.run("CREATE ROLE guarded LOGIN PASSWORD 's3cret'");
  const auto file = cluster.folder() / "pgpass";
  const auto address = cluster.address("guarded", "postgres", "&passfile=" + file.string());
  const auto write_password = [&](const char* password) {
    std::ofstream(file) << "*:*:*:guarded:" << password << '\n';
    std::filesystem::permissions(file, std::filesystem::perms(0600));
  };
  write_password("wr0ng");
  const auto refused = Session::open(address);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kUnavailable);
  CHECK(refused.error().describe().find("password authentication failed") != std::string::npos);
  CHECK(refused.error().describe().find("wr0ng") == std::string::npos);
  write_password("s3cret");
  const auto session = Session::open(address);
  REQUIRE(session);
  CHECK(session->name().find("s3cret") == std::string::npos);
  CHECK(session->name().find("pgpass") == std::string::npos);
}

TEST_CASE("a commit that returned is on the disk of the server") {
  const PostgresqlPlace place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  std::string synchronous;
  session->soci() << "SHOW synchronous_commit", soci::into(synchronous);
  CHECK(synchronous == "on");
}

TEST_CASE("a database that is not in UTF-8 is refused with words") {
  auto& cluster = Cluster::shared();
  cluster.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'");
  const auto refused = Session::open(cluster.address("fieldline", "latin"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("create it with ENCODING 'UTF8'") != std::string::npos);
}

TEST_CASE("errors of the server come out as those that fit, without the values of the row") {
  const PostgresqlPlace place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(
      session->run("CREATE TABLE t (x BIGINT PRIMARY KEY, y TEXT NOT NULL); INSERT INTO t VALUES (1, 'a')"));
  const auto run = [&](const std::string& statement, const std::string& value) {
    return guard("here", [&] { session->soci() << statement, soci::use(value); }).error();
  };
  CHECK(run("INSERT INTO t (x) VALUES (1), (:x)", "7777").code == ErrorCode::kConflict);
  CHECK(run("INSERT INTO t (x) VALUES (:x)", "7777").message.find("7777") == std::string::npos);
  CHECK(run("INSERT INTO t VALUES (:x, 'b')", "s3cret").message.find("s3cret") == std::string::npos);
  CHECK(run("SELECT x FROM t WHERE no_such_column = :x", "1").code == ErrorCode::kInternal);
  REQUIRE(session->run("SET statement_timeout = 500"));
  CHECK(session->run("SELECT pg_sleep(10)").error().code == ErrorCode::kTimeout);
  REQUIRE(session->run("SET default_transaction_read_only = on"));
  CHECK(session->run("DELETE FROM t").error().code == ErrorCode::kIo);
}

TEST_CASE("bytes of every value come back as they went in") {
  const PostgresqlPlace place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(session->run(in_words_of(Dialect::kPostgresql, "CREATE TABLE t (x BLOB NOT NULL) STRICT")));
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  const BytesColumn column(session->soci());
  const auto bound = column.bound(bytes);
  session->soci() << "INSERT INTO t VALUES (" << column.parameter(":x") << ")", soci::use(bound);
  std::string read;
  session->soci() << "SELECT " << column.selected("x") << " FROM t", soci::into(read);
  CHECK(column.taken(read) == bytes);
}

TEST_CASE("a second program that would write to the database is refused, until the first is gone") {
  const PostgresqlPlace place;
  auto first = open_threaded(without_schema(place.connection()));
  REQUIRE(first);
  const auto second = open_threaded(without_schema(place.connection()));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kConflict);
  CHECK(second.error().message.find("another program writes to this database (process ") == 0);
  first->reset();
  CHECK(open_threaded(without_schema(place.connection())));
}

TEST_CASE("who comes back ends the session that it left behind") {
  const PostgresqlPlace place;
  auto left = Session::open(place.connection());
  auto next = Session::open(place.connection());
  REQUIRE(left);
  REQUIRE(next);
  Tenure tenure;
  REQUIRE(tenure.take(*left));
  REQUIRE(tenure.take(*next));
  CHECK_FALSE(left->run("SELECT 1"));
  CHECK(left->standing() == Standing::kLost);
  Tenure other;
  CHECK(other.take(*next));
}

TEST_CASE("who comes back after another has written stays out") {
  const PostgresqlPlace place;
  const SystemClock clock;
  Tenure first;
  auto link = Link::open(place.connection(), Access::kReadWrite, clock,
                         [&](Session& session) { return first.take(session); });
  REQUIRE(link);
  {
    auto thief = Session::open(place.connection());
    REQUIRE(thief);
    int holder = 0;
    thief->soci() << "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND database = "
                     "(SELECT oid FROM pg_database WHERE datname = current_database())",
        soci::into(holder);
    REQUIRE(holder > 0);
    REQUIRE(thief->run(fmt::format("SELECT pg_terminate_backend({}, 5000)", holder)));
    Tenure second;
    REQUIRE(second.take(*thief));
    // While the other is there, and after it is gone.
    CHECK(link->begin(Transaction::kWrite).error().code == ErrorCode::kConflict);
  }
  const auto refused = link->begin(Transaction::kWrite);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kConflict);
}

TEST_CASE("a session that the server ended comes back for the next transaction") {
  const PostgresqlPlace place;
  const SystemClock clock;
  auto link = Link::open(place.connection(), Access::kReadWrite, clock);
  REQUIRE(link);
  auto other = Session::open(place.connection());
  REQUIRE(other);
  REQUIRE(
      other->run("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                 "WHERE datname = current_database() AND pid <> pg_backend_pid()"));
  const auto session = link->begin(Transaction::kWrite);
  REQUIRE(session);
  CHECK((*session)->commit());
}

}  // namespace
}  // namespace fieldline::sql

// Migrations, on SQLite and on PostgreSQL.
#include "common/sql/migration.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "tests/postgresql/places.hpp"

namespace fieldline::sql {
namespace {

constexpr std::array kTwo{
    Migration{1, "tanks", "CREATE TABLE tanks (name TEXT) STRICT; INSERT INTO tanks VALUES ('T1')"},
    Migration{2, "levels", "ALTER TABLE tanks ADD COLUMN level REAL; UPDATE tanks SET level = 1.5"},
};
constexpr std::span<const Migration> kOne{kTwo.data(), 1};

double level(Session& session) {
  double level = 0;
  session.soci() << "SELECT level FROM tanks", soci::into(level);
  return level;
}

TEMPLATE_LIST_TEST_CASE(
    "a new database gets every migration, an old one what it lacks, a current one nothing", "", Places) {
  const TestType place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(migrate(*session, kOne));
  session->soci() << "INSERT INTO tanks VALUES ('T2')";
  REQUIRE(migrate(*session, kTwo));
  REQUIRE(migrate(*session, kTwo));
  int tanks = 0;
  session->soci() << "SELECT count(*) FROM tanks", soci::into(tanks);
  CHECK(tanks == 2);
  CHECK(level(*session) == 1.5);
}

TEMPLATE_LIST_TEST_CASE("a database that a newer program has changed is refused with words", "", Places) {
  const TestType place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(migrate(*session, kTwo));
  const auto refused = migrate(*session, kOne);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kInvalid);
  CHECK(refused.error().message.find("a newer program has changed this database") == 0);
}

TEMPLATE_LIST_TEST_CASE("the database of another program is refused", "", Places) {
  const TestType place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(migrate(*session, kOne));
  constexpr std::array other{Migration{1, "events", "CREATE TABLE events (x TEXT) STRICT"}};
  CHECK(migrate(*session, other).error().message.find("belongs to something else") != std::string::npos);
}

TEMPLATE_LIST_TEST_CASE("a migration that fails leaves the database as it was, and says which it is", "",
                        Places) {
  const TestType place;
  auto session = Session::open(place.connection());
  REQUIRE(session);
  REQUIRE(migrate(*session, kOne));
  constexpr std::array broken{kTwo[0], Migration{2, "levels", "DELETE FROM tanks; SELECT no_such_column"}};
  const auto failed = migrate(*session, broken);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("migration 2 (levels) failed: ") == 0);
  CHECK_FALSE(session->in_transaction());
  REQUIRE(migrate(*session, kTwo));
  CHECK(level(*session) == 1.5);
}

}  // namespace
}  // namespace fieldline::sql

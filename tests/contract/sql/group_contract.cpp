// Groups of writes, on SQLite and on PostgreSQL.
#include "common/sql/group_commit.hpp"

#include <catch2/catch.hpp>

#include "common/sql/dialect.hpp"
#include "tests/postgresql/places.hpp"

namespace fieldline::sql {
namespace {

struct Group {
  std::vector<PendingWrite> writes;
  std::vector<Result<>> outcomes;

  void add(Database::Write write) {
    writes.push_back(
        {std::move(write), [this](Result<> outcome) { outcomes.push_back(std::move(outcome)); }});
  }
};

Database::Write put(int value) {
  return [value](soci::session& sql) -> Result<> {
    sql << "INSERT INTO t VALUES (:x)", soci::use(value);
    return {};
  };
}

Link link_to_table(const std::string& connection) {
  static const SystemClock kClock;
  auto link = Link::open(connection, Access::kReadWrite, kClock);
  REQUIRE(link);
  auto& session = link->session();
  REQUIRE(session.run(in_words_of(session.dialect(), "CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT")));
  return std::move(*link);
}

int rows_of(Link& link) {
  int rows = 0;
  link.session().soci() << "SELECT count(*) FROM t", soci::into(rows);
  return rows;
}

TEMPLATE_LIST_TEST_CASE("one bad write in a group fails alone and leaves nothing behind", "", Places) {
  const TestType place;
  auto link = link_to_table(place.connection());
  Group group;
  group.add(put(1));
  group.add([](soci::session& sql) -> Result<> {
    sql << "INSERT INTO t VALUES (50)";
    return fail(ErrorCode::kNotFound, "no such thing");
  });
  group.add(put(1));  // exists already
  group.add(put(2));
  commit_group(link, group.writes);
  REQUIRE(group.outcomes.size() == 4);
  CHECK(group.outcomes[0]);
  CHECK(group.outcomes[1].error().code == ErrorCode::kNotFound);
  CHECK(group.outcomes[2].error().code == ErrorCode::kConflict);
  CHECK(group.outcomes[3]);
  CHECK(rows_of(link) == 2);
}

TEMPLATE_LIST_TEST_CASE("a write that ends the transaction it shares is a fault, and nothing is acknowledged",
                        "", Places) {
  const TestType place;
  auto link = link_to_table(place.connection());
  Group group;
  group.add(put(1));
  group.add([](soci::session& sql) -> Result<> {
    sql << "ROLLBACK";
    return {};
  });
  group.add(put(2));
  commit_group(link, group.writes);
  REQUIRE(group.outcomes.size() == 3);
  for (const auto& outcome : group.outcomes) CHECK(outcome.error().code == ErrorCode::kInternal);
  CHECK(rows_of(link) == 0);
  CHECK_FALSE(link.session().in_transaction());
}

TEMPLATE_LIST_TEST_CASE(
    "a write that hides the failure of its statement does not spoil those that share its transaction", "",
    Places) {
  const TestType place;
  auto link = link_to_table(place.connection());
  Group group;
  group.add(put(1));
  group.add([](soci::session& sql) -> Result<> {
    static_cast<void>(guard("", [&] { sql << "INSERT INTO t VALUES (1)"; }));
    return {};
  });
  group.add(put(2));
  commit_group(link, group.writes);
  REQUIRE(group.outcomes.size() == 3);
  CHECK(group.outcomes[0]);
  CHECK(group.outcomes[2]);
  CHECK(rows_of(link) == 2);
}

}  // namespace
}  // namespace fieldline::sql

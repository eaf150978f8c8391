#include "common/sql/group_commit.hpp"

#include <catch2/catch.hpp>

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

Database::Write insert(int value) {
  return [value](soci::session& sql) -> Result<> {
    sql << "INSERT INTO t VALUES (:x)", soci::use(value);
    return {};
  };
}

Link link_to_table() {
  static const SystemClock kClock;
  auto link = Link::open("sqlite::memory:", Access::kReadWrite, kClock);
  REQUIRE(link);
  REQUIRE(link->session().run("CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT"));
  return std::move(*link);
}

int count(Link& link) {
  int rows = 0;
  link.session().soci() << "SELECT count(*) FROM t", soci::into(rows);
  return rows;
}

TEST_CASE("when the disk is full every write of the group is told so, and none is kept") {
  auto link = link_to_table();
  REQUIRE(link.session().run("CREATE TABLE big (x BLOB)"));
  REQUIRE(link.session().run("PRAGMA max_page_count=8"));
  Group group;
  group.add(insert(1));
  group.add([](soci::session& sql) -> Result<> {
    sql << "INSERT INTO big VALUES (zeroblob(1000000))";
    return {};
  });
  group.add(insert(2));
  commit_group(link, group.writes);
  REQUIRE(group.outcomes.size() == 3);
  const auto kept = count(link);
  int acknowledged = 0;
  for (const auto& outcome : group.outcomes) acknowledged += outcome ? 1 : 0;
  CHECK(acknowledged == kept);
  CHECK(group.outcomes[1].error().code == ErrorCode::kExhausted);
}

}  // namespace
}  // namespace fieldline::sql

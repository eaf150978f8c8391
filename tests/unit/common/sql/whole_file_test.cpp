#include "common/sql/whole_file.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <ios>
#include <string>

#include "common/sql/session.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {
namespace {

constexpr auto kRows =
    "PRAGMA page_size = 4096; CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT NOT NULL) STRICT; CREATE INDEX i "
    "ON t (b); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000) INSERT INTO t "
    "SELECT x, hex(x * 7919) || 'padding to fill some pages' FROM n;";

void make(const ScratchFolder& folder) {
  auto session = Session::open(folder.connection("x.db"));
  REQUIRE(session);
  REQUIRE(session->run(kRows));
}
void write_at(const std::filesystem::path& file, std::streamoff at, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(at);
  stream << bytes;
  REQUIRE(stream.good());
}

TEST_CASE("a file that is whole, and one that is not there, are left as they are") {
  const ScratchFolder folder;
  CHECK(check_whole(folder / "x.db"));
  CHECK_FALSE(std::filesystem::exists(folder / "x.db"));
  make(folder);
  CHECK(check_whole(folder / "x.db"));
}

TEST_CASE("a file that is no database any more, is cut off or has an empty page is damaged") {
  const ScratchFolder folder;
  make(folder);
  const auto file = folder / "x.db";
  SECTION("its head is gone") {
    write_at(file, 0, std::string(100, '\0'));
  }
  SECTION("a page is empty") {
    write_at(file, 3 * 4096, std::string(4096, '\0'));
  }
  SECTION("it is cut off") {
    std::filesystem::resize_file(file, 5 * 4096);
  }
  const auto checked = check_whole(file);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == ErrorCode::kCorrupt);
}

TEST_CASE("an index that says something else than its table is made anew") {
  const ScratchFolder folder;
  make(folder);
  const auto file = folder / "x.db";
  {
    auto session = Session::open(folder.connection("x.db"));
    REQUIRE(session);
    REQUIRE(
        session->run("PRAGMA writable_schema = 1; UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (a)' "
                     "WHERE name = 'i'; PRAGMA writable_schema = RESET;"));
  }
  CHECK(check_whole(file));
  CHECK(check_whole(file));
}

TEST_CASE("a file is set aside under the time at which it was, and another one can be made") {
  const ScratchFolder folder;
  make(folder);
  std::ofstream(folder / "x.db-wal") << "log";
  const auto aside = set_aside(folder / "x.db", Timestamp(std::chrono::seconds(1'767'323'045)));
  REQUIRE(aside);
  CHECK(*aside == folder / "x.db.damaged-20260102T030405Z");
  CHECK(std::filesystem::exists(*aside));
  CHECK(std::filesystem::exists(folder / "x.db.damaged-20260102T030405Z-wal"));
  CHECK_FALSE(std::filesystem::exists(folder / "x.db"));
  make(folder);
}

}  // namespace
}  // namespace fieldline::sql

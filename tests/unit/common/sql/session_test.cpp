#include "common/sql/session.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "common/sql/bytes.hpp"
#include "common/sql/guard.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("a new database and its log can be read by the owner only, whatever the umask") {
  const ScratchFolder folder;
  const auto before = ::umask(0);
  auto session = Session::open(folder.connection("a.db"));
  ::umask(before);
  REQUIRE(session);
  REQUIRE(session->run("CREATE TABLE t (x)"));
  CHECK(mode_of(folder / "a.db") == 0600);
  CHECK(mode_of(folder / "a.db-wal") == 0600);
}

TEST_CASE("a database that others could read is made private") {
  const ScratchFolder folder;
  REQUIRE(Session::open(folder.connection("a.db")));
  std::filesystem::permissions(folder / "a.db", std::filesystem::perms(0644));
  REQUIRE(Session::open(folder.connection("a.db")));
  CHECK(mode_of(folder / "a.db") == 0600);
}

TEST_CASE("a commit that returned is on the disk: write-ahead log, full sync") {
  const ScratchFolder folder;
  auto session = Session::open(folder.connection("a.db"));
  REQUIRE(session);
  std::string mode;
  int synchronous = 0;
  int foreign_keys = 0;
  session->soci() << "PRAGMA journal_mode", soci::into(mode);
  session->soci() << "PRAGMA synchronous", soci::into(synchronous);
  session->soci() << "PRAGMA foreign_keys", soci::into(foreign_keys);
  CHECK(mode == "wal");
  CHECK(synchronous == 2);
  CHECK(foreign_keys == 1);
}

TEST_CASE("paths with blanks, equal signs and apostrophes are paths like others") {
  const ScratchFolder folder;
  REQUIRE(Session::open(folder.connection("north plant = it's.db")));
  CHECK(std::filesystem::exists(folder / "north plant = it's.db"));
}

TEST_CASE("what is not a database that it knows is refused with words") {
  const ScratchFolder folder;
  const auto code = [](std::string_view connection) { return Session::open(connection).error().code; };
  CHECK(code("postgresql://host/db?no_such_option=1") == ErrorCode::kInvalid);
  CHECK(code("sqlite:") == ErrorCode::kInvalid);
  CHECK(code("sqlite:a\"b") == ErrorCode::kInvalid);
  CHECK(code("") == ErrorCode::kInvalid);
  CHECK(code("sqlite:/no/such/folder/a.db") == ErrorCode::kIo);
  CHECK(code("sqlite:/tmp") == ErrorCode::kIo);
  CHECK(code("oracle:x") == ErrorCode::kInvalid);
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  CHECK(code(folder.connection("text.db")) == ErrorCode::kCorrupt);
}

TEST_CASE("a read-only session makes no file and changes nothing") {
  const ScratchFolder folder;
  REQUIRE(Session::open(folder.connection("a.db")));
  auto session = Session::open(folder.connection("a.db"), Access::kReadOnly);
  REQUIRE(session);
  CHECK(session->run("CREATE TABLE t (x)").error().code == ErrorCode::kIo);
  CHECK_FALSE(Session::open(folder.connection("absent.db"), Access::kReadOnly));
  CHECK_FALSE(std::filesystem::exists(folder / "absent.db"));
}

TEST_CASE("exceptions of the library come out as the error that fits") {
  auto session = Session::open("sqlite::memory:");
  REQUIRE(session);
  REQUIRE(session->run("CREATE TABLE t (x INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)"));
  const auto twice = guard("here", [&] { session->soci() << "INSERT INTO t VALUES (1)"; });
  CHECK(twice.error().code == ErrorCode::kConflict);
  CHECK(twice.error().where == "here");
  CHECK(guard("", [&] { session->soci() << "SELEKT"; }).error().code == ErrorCode::kInternal);
  const std::string secret = "secret";
  const auto leaking = guard("", [&] { session->soci() << "INSERT INTO t VALUES (:x)", soci::use(secret); });
  CHECK(leaking.error().message.find(secret) == std::string::npos);
  CHECK(guard("", [&] { return 7; }).value() == 7);
  CHECK(guard("", []() -> Result<int> { return fail(ErrorCode::kNotFound, "no"); }).error().message == "no");
}

TEST_CASE("bytes come back as they went in, NUL and all") {
  auto session = Session::open("sqlite::memory:");
  REQUIRE(session);
  REQUIRE(session->run("CREATE TABLE t (x BLOB) STRICT"));
  const std::string bytes("\0\xff\x80 plain \0", 11);
  soci::blob in(session->soci());
  put_bytes(in, "something longer that must not shine through");
  put_bytes(in, bytes);
  session->soci() << "INSERT INTO t VALUES (:x)", soci::use(in);
  soci::blob out(session->soci());
  session->soci() << "SELECT x FROM t", soci::into(out);
  CHECK(take_bytes(out) == bytes);
}

}  // namespace
}  // namespace fieldline::sql

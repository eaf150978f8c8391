// Logs of databases that were killed, and then damaged.
#include "common/sql/log_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>

#include "common/sql/session.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::sql {
namespace {

constexpr std::streamoff kHead = 32;
constexpr std::streamoff kFrame = 24 + 4096;

// What a kill leaves: the files as they are while the database is open.
class Killed {
 public:
  explicit Killed(const std::string& more = {}) {
    const ScratchFolder origin;
    auto session = Session::open(origin.connection("x.db"));
    REQUIRE(session);
    REQUIRE(session->run("PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)"));
    for (int i = 0; i < 6; ++i) REQUIRE(session->run("INSERT INTO t (b) VALUES (zeroblob(9000))"));
    if (!more.empty()) REQUIRE(session->run(more));
    for (const auto* name : {"x.db", "x.db-wal"}) std::filesystem::copy_file(origin / name, folder_ / name);
    frames = (size() - kHead) / kFrame;
  }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "x.db"; }
  [[nodiscard]] std::filesystem::path log() const { return folder_ / "x.db-wal"; }
  [[nodiscard]] std::streamoff size() const {
    return static_cast<std::streamoff>(std::filesystem::file_size(log()));
  }
  void change(std::streamoff at, std::size_t count = 1) const {
    std::fstream stream(log(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    std::string bytes(count, '\0');
    stream.read(bytes.data(), static_cast<std::streamsize>(count));
    for (auto& byte : bytes) byte = count > 1 ? '\0' : static_cast<char>(byte ^ 4);
    stream.seekp(at);
    stream.write(bytes.data(), static_cast<std::streamsize>(count));
  }
  [[nodiscard]] bool is_whole() const {
    const auto checked = check_log(file());
    if (!checked) CHECK(checked.error().code == ErrorCode::kCorrupt);
    return checked.has_value();
  }
  [[nodiscard]] std::int64_t rows() const {
    auto session = Session::open("sqlite:" + file().string());
    REQUIRE(session);
    std::int64_t rows = 0;
    session->soci() << "SELECT count(*) FROM t", soci::into(rows);
    return rows;
  }

  std::streamoff frames = 0;

 private:
  const ScratchFolder folder_;
};

TEST_CASE("the log that a kill leaves is whole, and so is one that is not there") {
  const Killed killed;
  CHECK(killed.is_whole());
  CHECK(killed.rows() == 6);
  std::filesystem::remove(killed.log());
  CHECK(killed.is_whole());
}

TEST_CASE("a changed bit or an empty page in the log is found where more was committed behind it") {
  const auto many = Killed().frames;
  REQUIRE(many > 15);
  for (std::streamoff frame = 0; frame < many; ++frame) {
    CAPTURE(frame);
    const Killed bit;
    bit.change(kHead + frame * kFrame + 24 + 1000);
    const Killed page;
    page.change(frame * 4096, 4096);
    // Of the last transaction it is not told from what a power cut leaves; nor where it is not known which.
    if (frame < many - 4) CHECK_FALSE(bit.is_whole());
    if (frame < many - 8) CHECK_FALSE(page.is_whole());
  }
}

TEST_CASE("a changed bit in the head of the log, or of a frame, is found") {
  for (const std::streamoff at : {0, 9, 17, 25, 32 + 1, 32 + 5, 32 + 9, 32 + 20}) {
    CAPTURE(at);
    const Killed killed;
    killed.change(at);
    CHECK_FALSE(killed.is_whole());
  }
}

TEST_CASE("what a power cut leaves of the last transaction is no damage") {
  const Killed killed;
  SECTION("it ends in the middle of it") {
    std::filesystem::resize_file(killed.log(), static_cast<std::uintmax_t>(killed.size() - kFrame - 100));
  }
  SECTION("its first page did not reach the disk, and its last one did") {
    killed.change(kHead + (killed.frames - 3) * kFrame, 2 * 4096);
  }
  CHECK(killed.is_whole());
  CHECK(killed.rows() == 5);
}

TEST_CASE("what stands in a log from before it began again is not missed") {
  const Killed killed("PRAGMA wal_checkpoint(RESTART); INSERT INTO t (b) VALUES (zeroblob(10))");
  CHECK(killed.is_whole());
  CHECK(killed.rows() == 7);
}

TEST_CASE("a transaction that was undone leaves pages in the log that nobody misses") {
  const Killed killed(
      "PRAGMA cache_size = 5; BEGIN; WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x "
      "< 40) "
      "INSERT INTO t (b) SELECT zeroblob(4000) FROM n; ROLLBACK; INSERT INTO t (b) VALUES (zeroblob(10));"
      "INSERT INTO t (b) VALUES (zeroblob(10))");
  CHECK(killed.frames > 40);
  CHECK(killed.is_whole());
  CHECK(killed.rows() == 8);
}

}  // namespace
}  // namespace fieldline::sql

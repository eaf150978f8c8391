#include "common/lease/sql_votes.hpp"

#include <soci/soci.h>

#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

using namespace fieldline;
using namespace fieldline::lease;
using namespace std::chrono_literals;

namespace {

const sql::Migration kMigrations[] = {{1, "votes", kVotesTable}};

// A database that a voter keeps its vote in, in a file.
struct Disk {
  sql::ScratchFolder folder;
  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  std::unique_ptr<sql::Database> database;

  Disk() { power_up(); }
  void power_up() {
    database.reset();
    auto opened =
        sql::open_inline({folder.connection("votes.db"), "votes", kMigrations}, time.executor(), 10ms);
    REQUIRE(opened);
    database = std::move(*opened);
  }
  Result<> keep(SqlVotes& votes, const Vote& vote) {
    std::optional<Result<>> outcome;
    loop->post([&] { votes.keep(vote, [&](const Result<>& done) { outcome = done; }); });
    REQUIRE(time.run_until([&] { return outcome.has_value(); }, 1min));
    return *outcome;
  }
  Vote kept(const std::string& voter) {
    auto all = SqlVotes::all(*database);
    REQUIRE(all);
    return (*all)[voter];
  }
  Result<> confirm(SqlVotes& votes) {
    std::optional<Result<>> outcome;
    loop->post([&] { votes.confirm([&](const Result<>& done) { outcome = done; }); });
    REQUIRE(time.run_until([&] { return outcome.has_value(); }, 1min));
    return *outcome;
  }
};

}  // namespace

TEST_CASE("a voter that never voted finds nothing") {
  Disk disk;
  CHECK(disk.kept("north") == Vote{});
}

TEST_CASE("a vote that was answered is there after a power cut, each voter's in its own row") {
  Disk disk;
  {
    SqlVotes north(*disk.database, *disk.loop, "north");
    SqlVotes south(*disk.database, *disk.loop, "south");
    REQUIRE(disk.keep(north, {3, "a", 6s}));
    REQUIRE(disk.keep(south, {9, "b", 7s}));
    REQUIRE(disk.keep(north, {4, "b", 6s}));
  }
  disk.power_up();
  CHECK(disk.kept("north") == Vote{4, "b", 6s});
  CHECK(disk.kept("south") == Vote{9, "b", 7s});
}

TEST_CASE("the disk takes no vote in an epoch that it has one in") {
  Disk disk;
  SqlVotes votes(*disk.database, *disk.loop, "north");
  REQUIRE(disk.keep(votes, {4, "b", 6s}));
  for (const std::uint64_t epoch : {3, 4}) {
    const auto refused = disk.keep(votes, {epoch, "a", 6s});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kPreconditionFailed);
  }
  CHECK(disk.kept("north").holder == "b");
}

TEST_CASE("who is not the voter any more neither keeps nor confirms") {
  Disk disk;
  bool leads = true;
  SqlVotes votes(*disk.database, *disk.loop, "north", [&](soci::session&) -> Result<> {
    if (!leads) return fail(ErrorCode::kConflict, "another leads");
    return {};
  });
  REQUIRE(disk.keep(votes, {1, "a", 6s}));
  REQUIRE(disk.confirm(votes));
  leads = false;
  CHECK(disk.keep(votes, {2, "b", 6s}).error().code == ErrorCode::kConflict);
  CHECK(disk.confirm(votes).error().code == ErrorCode::kConflict);
  CHECK(disk.kept("north").epoch == 1);
}

TEST_CASE("the highest epoch fits its column") {
  Disk disk;
  SqlVotes votes(*disk.database, *disk.loop, "north");
  REQUIRE(disk.keep(votes, {kMaxEpoch, "a", kLongestLease}));
  CHECK(disk.kept("north") == Vote{kMaxEpoch, "a", kLongestLease});
}

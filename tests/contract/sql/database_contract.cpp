// What a database promises, shown of the threaded one and of its simulated twin, on SQLite and PostgreSQL.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <latch>
#include <optional>
#include <tuple>

#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/contract/sql/test_loop.hpp"
#include "tests/postgresql/places.hpp"

namespace fieldline::sql {
namespace {

using namespace std::chrono_literals;

constexpr std::array kSchema{Migration{1, "rows", "CREATE TABLE rows (x INTEGER PRIMARY KEY) STRICT"}};

Opening opening(const std::string& connection, std::size_t queue) {
  return {connection, "contract", kSchema, queue, queue};
}

template <class Place>
class ThreadedWorld {
 public:
  std::unique_ptr<Database> open(std::size_t queue = kWriteQueue) {
    auto database = open_threaded(opening(place.connection(), queue));
    REQUIRE(database);
    return std::move(*database);
  }
  // The database at work on something else, so that what is submitted now has to wait.
  void hold(Database& database) {
    REQUIRE(database.submit(
        [this](soci::session&) -> Result<> {
          held_.count_down();
          release_.wait();
          return {};
        },
        [](const Result<>&) {}, loop_));
    held_.wait();
  }
  void release() { release_.count_down(); }
  Executor& loop() { return loop_; }
  [[nodiscard]] bool run_until(const std::function<bool()>& done) { return loop_.run_until(done); }

  const Place place;

 private:
  TestLoop loop_;
  std::latch held_{1};
  std::latch release_{1};
};

template <class Place>
class InlineWorld {
 public:
  std::unique_ptr<Database> open(std::size_t queue = kWriteQueue) {
    auto database = open_inline(opening(place.connection(), queue), time_.executor(), 1ms);
    REQUIRE(database);
    return std::move(*database);
  }
  // Nothing is committed before time passes.
  void hold(Database& /*database*/) {}
  void release() {}
  Executor& loop() { return *loop_; }
  [[nodiscard]] bool run_until(const std::function<bool()>& done) { return time_.run_until(done, 60s); }

  const Place place;

 private:
  VirtualTime time_;
  std::unique_ptr<Executor> loop_ = time_.executor();
};

using Worlds = std::tuple<ThreadedWorld<SqlitePlace>, InlineWorld<SqlitePlace>,
                          ThreadedWorld<PostgresqlPlace>, InlineWorld<PostgresqlPlace>>;
using ThreadedWorlds = std::tuple<ThreadedWorld<SqlitePlace>, ThreadedWorld<PostgresqlPlace>>;

Database::Write insert(int value) {
  return [value](soci::session& sql) -> Result<> {
    sql << "INSERT INTO rows VALUES (:x)", soci::use(value);
    return {};
  };
}

int count(soci::session& sql) {
  int rows = 0;
  sql << "SELECT count(*) FROM rows", soci::into(rows);
  return rows;
}

TEMPLATE_LIST_TEST_CASE("what is acknowledged is in the file, in order of submission", "", Worlds) {
  TestType world;
  const auto database = world.open();
  std::vector<int> acknowledged;
  for (int x = 0; x < 2000; ++x) {
    REQUIRE(database->submit(
        insert(x),
        [&, x](const Result<>& outcome) {
          REQUIRE(outcome);
          acknowledged.push_back(x);
        },
        world.loop()));
  }
  CHECK(acknowledged.empty());
  REQUIRE(world.run_until([&] { return acknowledged.size() == 1000; }));
  auto other = Session::open(world.place.connection(), Access::kReadOnly);
  REQUIRE(other);
  CHECK(count(other->soci()) >= 1000);
  REQUIRE(world.run_until([&] { return acknowledged.size() == 2000; }));
  CHECK(std::is_sorted(acknowledged.begin(), acknowledged.end()));
}

TEMPLATE_LIST_TEST_CASE("a write that fails fails alone", "", Worlds) {
  TestType world;
  const auto database = world.open();
  std::vector<Result<>> outcomes;
  const auto keep = [&](Result<> outcome) { outcomes.push_back(std::move(outcome)); };
  REQUIRE(database->submit(insert(1), keep, world.loop()));
  REQUIRE(database->submit(insert(1), keep, world.loop()));
  REQUIRE(database->submit(insert(2), keep, world.loop()));
  REQUIRE(world.run_until([&] { return outcomes.size() == 3; }));
  CHECK(outcomes[0]);
  CHECK(outcomes[1].error().code == ErrorCode::kConflict);
  CHECK(outcomes[2]);
  CHECK(database->read_now(count).value() == 2);
}

TEMPLATE_LIST_TEST_CASE("a full queue refuses at once and takes again once there is room", "", Worlds) {
  TestType world;
  const auto database = world.open(4);
  world.hold(*database);
  int acknowledged = 0;
  const auto submit = [&](int x) {
    return database->submit(
        insert(x), [&](const Result<>&) { ++acknowledged; }, world.loop());
  };
  for (int x = 0; x < 4; ++x) REQUIRE(submit(x));
  const auto refused = submit(4);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kExhausted);
  world.release();
  REQUIRE(world.run_until([&] { return acknowledged == 4; }));
  CHECK(submit(4));
  REQUIRE(world.run_until([&] { return acknowledged == 5; }));
}

TEMPLATE_LIST_TEST_CASE("a read sees all that was acknowledged before it, and its errors are values", "",
                        Worlds) {
  TestType world;
  const auto database = world.open();
  std::optional<Result<int>> seen;
  std::optional<Result<int>> broken;
  const auto query = [](soci::session& sql) { return count(sql); };
  REQUIRE(database->submit(
      insert(1),
      [&](const Result<>&) {
        REQUIRE(database->read(
            query, [&](Result<int> rows) { seen = std::move(rows); }, world.loop()));
      },
      world.loop()));
  REQUIRE(database->read(
      [](soci::session& sql) {
        int none = 0;
        sql << "SELECT x FROM no_such_table", soci::into(none);
        return none;
      },
      [&](Result<int> rows) { broken = std::move(rows); }, world.loop()));
  REQUIRE(world.run_until([&] { return seen && broken; }));
  CHECK(seen->value() == 1);
  CHECK(broken->error().code == ErrorCode::kInternal);
}

TEMPLATE_LIST_TEST_CASE(
    "to start up, a write can be waited for and comes after those that were submitted before", "", Worlds) {
  TestType world;
  const auto database = world.open();
  int acknowledged = 0;
  REQUIRE(database->submit(
      insert(1), [&](const Result<>&) { ++acknowledged; }, world.loop()));
  CHECK(database->write_now(insert(1)).error().code == ErrorCode::kConflict);
  CHECK(database->write_now(insert(2)));
  CHECK(database->read_now(count).value() == 2);
  REQUIRE(world.run_until([&] { return acknowledged == 1; }));
}

TEMPLATE_LIST_TEST_CASE(
    "a closed database acknowledges nothing more and opens again with what it acknowledged", "", Worlds) {
  TestType world;
  int acknowledged = 0;
  {
    const auto database = world.open();
    for (int x = 0; x < 100; ++x) {
      REQUIRE(database->submit(
          insert(x), [&](const Result<>&) { ++acknowledged; }, world.loop()));
    }
    REQUIRE(world.run_until([&] { return acknowledged > 0; }));
  }
  const auto kept = world.open()->read_now(count).value();
  CHECK(kept >= acknowledged);
}

TEMPLATE_LIST_TEST_CASE("a read does not wait behind a commit", "", ThreadedWorlds) {
  TestType world;
  const auto database = world.open();
  REQUIRE(database->write_now(insert(1)));
  world.hold(*database);
  std::optional<Result<int>> seen;
  REQUIRE(database->read([](soci::session& sql) { return count(sql); },
                         [&](Result<int> rows) { seen = std::move(rows); }, world.loop()));
  CHECK(world.run_until([&] { return seen.has_value(); }));
  CHECK(seen->value() == 1);
  world.release();
}

}  // namespace
}  // namespace fieldline::sql

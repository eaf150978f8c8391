// The databases of common/sql by themselves: a table of accepted rows, written in groups.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "tests/powerloss/expected.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

constexpr std::array kAcceptedTables{sql::Migration{1, "accepted", R"(
  CREATE TABLE accepted (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE INDEX accepted_body ON accepted (body);
  CREATE TABLE book (one INTEGER PRIMARY KEY CHECK (one = 1), first INTEGER NOT NULL, last INTEGER NOT NULL) STRICT;
  INSERT INTO book VALUES (1, 1, 0);
)"}};

// What the row of this number says: up to three pages, another for each.
std::string body_of(std::int64_t id) {
  Random random(static_cast<std::uint64_t>(id));
  std::string body;
  for (auto parts = 1 + random.below(random.below(4) == 0 ? 300 : 12); parts > 0; --parts)
    body += random.id();
  return body;
}

// The rows that are there: from the first to the last.
struct Book {
  std::int64_t first = 1;
  std::int64_t last = 0;
  friend bool operator==(const Book&, const Book&) = default;
};

Result<Book> read_book(soci::session& sql) {
  Book book;
  sql << "SELECT first, last FROM book", soci::into(book.first), soci::into(book.last);
  auto next = book.first;
  std::int64_t id = 0;
  std::string body;
  soci::statement rows =
      (sql.prepare << "SELECT id, body FROM accepted ORDER BY id", soci::into(id), soci::into(body));
  rows.execute();
  for (; rows.fetch(); ++next) {
    if (id != next || body != body_of(id))
      return fail(ErrorCode::kCorrupt, fmt::format("row {} is not whole, {} was to come", id, next));
  }
  if (next == book.last + 1) return book;
  return fail(ErrorCode::kCorrupt,
              fmt::format("the book ends with row {}, the table before {}", book.last, next));
}

class Rows final : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const override { return kAcceptedTables; }

  Result<> open(Life& life) override {
    const auto found = life.database.read_now(read_book);
    if (!found) return fail(found.error());
    const auto answered = expected_.answered();
    if (!expected_.settle(*found))
      return fail(ErrorCode::kCorrupt, fmt::format("rows {} to {} were accepted, {} to {} are there",
                                                   answered.first, answered.last, found->first, found->last));
    life_ = &life;
    return {};
  }

  void act() override {
    for (auto more = 1 + life_->random.below(4); more > 0; --more) {
      if (life_->random.below(8) == 0) {
        refuse_one();
      } else {
        accept_one();
      }
    }
  }

  void close() override { life_ = nullptr; }

 private:
  // One more row; the oldest goes when there are many.
  void accept_one() {
    auto next = expected_.latest();
    ++next.last;
    if (next.last - next.first > 40) ++next.first;
    const auto queued = life_->database.submit(
        [next](soci::session& sql) -> Result<> {
          const auto body = body_of(next.last);
          sql << "INSERT INTO accepted (id, body) VALUES (:id, :body)", soci::use(next.last), soci::use(body);
          sql << "DELETE FROM accepted WHERE id < :first", soci::use(next.first);
          sql << "UPDATE book SET first = :first, last = :last", soci::use(next.first), soci::use(next.last);
          return {};
        },
        [this](const Result<>& outcome) {
          if (life_->done(outcome)) expected_.answer();
        },
        life_->loop);
    if (life_->done(queued)) expected_.ask(next);
  }

  // Makes the group run again, in savepoints; nothing of it may ever be there.
  void refuse_one() {
    const auto queued = life_->database.submit(
        [](soci::session& sql) -> Result<> {
          sql << "UPDATE book SET last = last + 1000";
          return fail(ErrorCode::kInvalid, "refused by itself");
        },
        [](const Result<>&) {}, life_->loop);
    static_cast<void>(life_->done(queued));
  }

  Life* life_ = nullptr;
  Expected<Book> expected_;
};

TEST_CASE("rows that were accepted are there after every power cut, and whole") {
  const auto verdict = check_cuts<Rows>(250);
  if (verdict.cuts < 1000) return;
  // Each of these was struck, or the cuts are not where they hurt.
  for (const auto& [file, call] :
       {std::pair{"", Call::kWrite}, std::pair{"", Call::kSync}, std::pair{"-wal", Call::kWrite},
        std::pair{"-wal", Call::kSync}, std::pair{"-wal", Call::kCreate}, std::pair{"-journal", Call::kWrite},
        std::pair{"-journal", Call::kSync}, std::pair{"-journal", Call::kRemove}}) {
    INFO(file << " call " << static_cast<int>(call));
    CHECK(verdict.strikes.contains({file, call}));
  }
}

TEST_CASE("a seed strikes the same calls each time, and leaves the same behind") {
  const auto once = [](std::uint64_t seed) {
    Rows rows;
    Conditions conditions;
    conditions.seed = seed;
    conditions.synchronous = "OFF";
    const auto verdict = try_cuts(rows, conditions);
    return std::pair(verdict.strikes, verdict.fault ? verdict.fault->what : "");
  };
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto first = once(seed);
    const auto second = once(seed);
    CHECK(first.first == second.first);
    CHECK(first.second == second.second);
  }
}

TEST_CASE("a database that does not sync is caught, damaged and with rows lost") {
  const auto off = bites_of<Rows>("OFF", 40);
  CHECK(off.damaged + off.lost > 35);
  CHECK(off.damaged > 0);
  CHECK(off.lost > 0);
}

TEST_CASE("a database that syncs only at checkpoints stays sound, but is caught with rows lost") {
  const auto normal = bites_of<Rows>("NORMAL", 40);
  CHECK(normal.damaged == 0);
  CHECK(normal.lost > 20);
}

}  // namespace
}  // namespace fieldline::powerloss

// A database as the rooms see it: writes are committed in groups and acknowledged once they are on
// the disk, reads see one snapshot each and never wait behind a commit. Refuses more than its queues
// hold. Any thread; answers are posted to the caller's executor, which must outlive the database.
// Once it is destroyed nothing more is posted, and what waited was either committed or lost.
#pragma once

#include <soci/soci.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/sql/guard.hpp"
#include "common/sql/limits.hpp"
#include "common/sql/link.hpp"
#include "common/sql/migration.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

struct Opening {
  std::string connection;  // an Address
  std::string name;        // of its threads: at most 12 bytes are shown
  std::span<const Migration> migrations;
  std::size_t write_queue = kWriteQueue;
  std::size_t read_queue = kReadQueue;
};

class Database {
 public:
  using Write = std::function<Result<>(soci::session&)>;
  using Done = std::function<void(Result<>)>;

  virtual ~Database() = default;

  // Runs `write` in a transaction that it may share with others, but fails alone: an Error returned
  // or an exception of SOCI undoes this write only. `write` may not begin or end transactions, nor go on
  // after a statement that failed, nor touch anything but its captures; when another of its transaction
  // fails it is undone and run once more. `done` gets the outcome after the commit, in order of
  // submission; kUnavailable can mean that a server was lost in mid-commit and nobody knows.
  Result<> submit(Write write, Done done, Executor& reply_to);

  // `query` is a callable (soci::session&) -> Result<T>, `done` takes the Result<T>.
  template <class Query, class Answer>
  Result<> read(Query query, Answer done, Executor& reply_to) {
    return enqueue_read([query = std::move(query), done = std::move(done), &reply_to](Link& link) {
      using Outcome = Lifted<const Query&, soci::session&>;
      reply_to.post([done, outcome = std::make_shared<Outcome>(in_snapshot(link, query))] {
        done(std::move(*outcome));
      });
    });
  }

  // Both wait for the outcome: for starting up, and never on a loop.
  virtual Result<> write_now(Write write) = 0;
  template <class Query>
  Lifted<const Query&, soci::session&> read_now(const Query& query) {
    std::optional<Lifted<const Query&, soci::session&>> outcome;
    const auto ran = run_read_now([&](Link& link) { outcome.emplace(in_snapshot(link, query)); });
    if (!ran) return fail(ran.error());
    return std::move(*outcome);
  }

 protected:
  using Read = std::function<void(Link&)>;

  virtual Result<> enqueue_write(Write write, Done settle) = 0;
  virtual Result<> enqueue_read(Read read) = 0;
  virtual Result<> run_read_now(const Read& read) = 0;

  // The connection that writes, to a database that it has migrated and that nobody else writes to.
  static Result<Link> open_writer(const Opening& opening, const Clock& clock);
  static Failure queue_full(std::string_view what, const std::string& where);

 private:
  template <class Query>
  static Lifted<const Query&, soci::session&> in_snapshot(Link& link, const Query& query) {
    const auto session = link.begin(Transaction::kSnapshot);
    if (!session) return fail(session.error());
    auto outcome = guard(link.name(), [&] { return query((*session)->soci()); });
    (*session)->roll_back();
    return outcome;
  }
};

}  // namespace fieldline::sql

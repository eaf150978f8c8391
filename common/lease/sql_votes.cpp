#include "common/lease/sql_votes.hpp"

#include <soci/soci.h>

#include <utility>

#include "common/base/check.hpp"

namespace fieldline::lease {
namespace {

Result<> upsert(soci::session& sql, const std::string& voter, const Vote& vote) {
  const auto epoch = static_cast<long long>(vote.epoch);
  const long long lease = vote.lease.count();
  soci::statement write =
      (sql.prepare
           << "INSERT INTO votes (voter, epoch, holder, lease) VALUES (:voter, :epoch, :holder, :lease) "
              "ON CONFLICT (voter) DO UPDATE SET epoch = excluded.epoch, holder = excluded.holder, "
              "lease = excluded.lease WHERE votes.epoch < excluded.epoch",
       soci::use(voter), soci::use(epoch), soci::use(vote.holder), soci::use(lease));
  write.execute(true);
  if (write.get_affected_rows() == 0)
    return fail(ErrorCode::kPreconditionFailed, "this voter has voted in a later epoch", "votes");
  return {};
}

}  // namespace

SqlVotes::SqlVotes(sql::Database& database, Executor& loop, std::string voter, Authority authority)
    : database_(database),
      loop_(loop),
      voter_(std::move(voter)),
      authority_(std::move(authority)),
      self_(std::make_shared<SqlVotes*>(this)) {}

Result<std::map<std::string, Vote>> SqlVotes::all(sql::Database& database) {
  return database.read_now([](soci::session& sql) {
    std::string voter;
    std::string holder;
    long long epoch = 0;
    long long lease = 0;
    soci::statement query = (sql.prepare << "SELECT voter, epoch, holder, lease FROM votes",
                             soci::into(voter), soci::into(epoch), soci::into(holder), soci::into(lease));
    query.execute();
    std::map<std::string, Vote> votes;
    while (query.fetch())
      votes.emplace(voter, Vote{static_cast<std::uint64_t>(epoch), holder, Duration(lease)});
    return votes;
  });
}

Votes::Done SqlVotes::guarded(Done done) const {
  return [self = std::weak_ptr(self_), done = std::move(done)](const Result<>& outcome) {
    if (!self.expired()) done(outcome);
  };
}

void SqlVotes::fail_later(Error error, Done done) {
  loop_.post([done = std::move(done), error = std::move(error)] { done(fail(error)); });
}

void SqlVotes::keep(const Vote& vote, Done done) {
  FIELDLINE_DCHECK(loop_.here());
  done = guarded(std::move(done));
  const auto write = [voter = voter_, vote, authority = authority_](soci::session& sql) -> Result<> {
    if (authority) {
      if (auto allowed = authority(sql); !allowed) return allowed;
    }
    return upsert(sql, voter, vote);
  };
  if (auto queued = database_.submit(write, done, loop_); !queued) fail_later(queued.error(), done);
}

void SqlVotes::confirm(Done done) {
  FIELDLINE_DCHECK(loop_.here());
  done = guarded(std::move(done));
  if (!authority_) {
    loop_.post([done] { done({}); });
    return;
  }
  if (auto queued = database_.read(authority_, done, loop_); !queued) fail_later(queued.error(), done);
}

}  // namespace fieldline::lease

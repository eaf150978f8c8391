#include "common/sql/group_commit.hpp"

#include <fmt/format.h>

#include <optional>

namespace fieldline::sql {
namespace {

using Outcomes = std::vector<Result<>>;
enum class Savepoints { kNone, kEach };

Result<> run_write(Session& session, const Database::Write& write) {
  auto outcome = guard(session.name(), [&] { return write(session.soci()); });
  if (outcome && session.standing() == Standing::kBroken) {
    return fail(ErrorCode::kInternal, "a write went on after a statement of it had failed", session.name());
  }
  return outcome;
}

Result<> run_in_savepoint(Session& session, const Database::Write& write) {
  if (auto marked = session.run("SAVEPOINT one_write"); !marked) return marked;
  auto outcome = run_write(session, write);
  if (!session.in_transaction()) return outcome;
  if (!outcome) {
    if (auto undone = session.run("ROLLBACK TO one_write"); !undone) return undone;
  }
  if (auto released = session.run("RELEASE one_write"); !released) return released;
  return outcome;
}

// Why the transaction that `outcome` was written in is over before its commit.
Failure ended_early(Session& session, const Result<>& outcome) {
  if (session.standing() == Standing::kLost) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("the database was lost, and nothing was written: {}",
                            outcome ? "the connection ended" : outcome.error().message),
                session.name());
  }
  if (!outcome) return fail(outcome.error());
  return fail(ErrorCode::kInternal, "a write ended the transaction that it shares", session.name());
}

// The outcome of each write, or the Error for which none of them was kept. Nothing at all when one of several
// failed that had no savepoints.
Result<std::optional<Outcomes>> run_transaction(Link& link, std::span<const PendingWrite> group,
                                                Savepoints savepoints) {
  const auto begun = link.begin(Transaction::kWrite);
  if (!begun) return fail(begun.error());
  auto& session = **begun;
  Outcomes outcomes;
  outcomes.reserve(group.size());
  for (const auto& pending : group) {
    outcomes.push_back(savepoints == Savepoints::kEach ? run_in_savepoint(session, pending.write)
                                                       : run_write(session, pending.write));
    const auto& outcome = outcomes.back();
    if (!session.in_transaction()) return ended_early(session, outcome);
    if (outcome || savepoints == Savepoints::kEach) continue;
    session.roll_back();
    if (group.size() == 1) return outcomes;
    return std::nullopt;
  }
  auto committed = session.commit();
  if (committed) return outcomes;
  session.roll_back();
  return fail(committed.error());
}

}  // namespace

void commit_group(Link& link, std::span<PendingWrite> group) {
  auto outcomes = run_transaction(link, group, Savepoints::kNone);
  if (outcomes && !*outcomes) outcomes = run_transaction(link, group, Savepoints::kEach);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i].settle(outcomes ? std::move((**outcomes)[i]) : Result<>(fail(outcomes.error())));
  }
}

}  // namespace fieldline::sql

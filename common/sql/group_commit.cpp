#include "common/sql/group_commit.hpp"

namespace fieldline::sql {
namespace {

Result<> run_in_savepoint(Session& session, const Database::Write& write) {
  if (auto marked = session.run("SAVEPOINT one_write"); !marked) return marked;
  auto outcome = guard(session.name(), [&] { return write(session.soci()); });
  if (!session.in_transaction()) return outcome;
  if (!outcome) {
    if (auto undone = session.run("ROLLBACK TO one_write"); !undone) return undone;
  }
  if (auto released = session.run("RELEASE one_write"); !released) return released;
  return outcome;
}

// The outcome of each write; or the Error for which none of them was kept.
Result<std::vector<Result<>>> run_transaction(Session& session, std::span<const PendingWrite> group) {
  if (auto begun = session.run("BEGIN IMMEDIATE"); !begun) return fail(begun.error());
  std::vector<Result<>> outcomes;
  outcomes.reserve(group.size());
  for (const auto& pending : group) {
    outcomes.push_back(run_in_savepoint(session, pending.write));
    if (session.in_transaction()) continue;
    if (!outcomes.back()) return fail(outcomes.back().error());
    return fail(ErrorCode::kInternal, "a write ended the transaction that it shares", session.name());
  }
  auto committed = session.run("COMMIT");
  if (committed) return outcomes;
  if (session.in_transaction()) static_cast<void>(session.run("ROLLBACK"));
  return fail(committed.error());
}

}  // namespace

void commit_group(Session& session, std::span<PendingWrite> group) {
  auto outcomes = run_transaction(session, group);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group[i].settle(outcomes ? std::move((*outcomes)[i]) : Result<>(fail(outcomes.error())));
  }
}

}  // namespace fieldline::sql

#include "common/sql/tenure.hpp"

#include <fmt/format.h>

#include "common/base/random.hpp"
#include "common/sql/dialect.hpp"
#include "common/sql/guard.hpp"
#include "common/sql/limits.hpp"

namespace fieldline::sql {
namespace {

// Of the advisory lock, which counts within one database: "fieldline" in ASCII, cut to 8 bytes.
constexpr long long kLock = 0x6669656c646c696e;

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS tenure (id INTEGER PRIMARY KEY CHECK (id = 1), mark TEXT NOT NULL) STRICT";

// Who has the lock, for people: "process 4711 from 10.0.0.7".
std::string holder(Session& session) {
  std::string text;
  auto asked = guard(session.name(), [&] {
    session.soci()
        << "SELECT 'process ' || pid || COALESCE(' from ' || host(client_addr), '') "
           "FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted "
           "AND (CAST(classid AS BIGINT) << 32 | CAST(objid AS BIGINT)) = :lock LIMIT 1",
        soci::into(text), soci::use(kLock);
  });
  return asked && !text.empty() ? text : "unknown";
}

}  // namespace

Tenure::Tenure() : mark_(Random::from_system().id()) {}

Result<> Tenure::take(Session& session) {
  if (session.dialect() == Dialect::kSqlite) return {};
  const bool again = process_ != 0;
  if (again) {
    if (auto ended = end_predecessor(session); !ended) return ended;
  }
  if (auto locked = lock(session); !locked) return locked;
  if (auto same = again ? check_mark(session) : leave_mark(session); !same) return same;
  return remember(session);
}

// The server may not have noticed yet that our last connection is gone.
Result<> Tenure::end_predecessor(Session& session) const {
  return guard(session.name(), [&] {
    // Two statements: the server is free to end a process before it looks whether it is the right one.
    int left = 0;
    session.soci() << "SELECT count(*) FROM pg_stat_activity WHERE pid = :process "
                      "AND CAST(backend_start AS TEXT) = :since",
        soci::into(left), soci::use(process_), soci::use(since_);
    if (left == 0) return;
    const long long wait = kTenureWait.count();
    std::string ended;
    session.soci() << "SELECT pg_terminate_backend(CAST(:process AS INTEGER), :wait)", soci::into(ended),
        soci::use(process_), soci::use(wait);
  });
}

Result<> Tenure::lock(Session& session) {
  // A session of a program that was killed may be about to end: the lock's time-out waits for it.
  auto locked =
      session.run(fmt::format("SET lock_timeout = {}; SELECT pg_advisory_lock({}); SET lock_timeout = {}",
                              kTenureWait.count(), kLock, kBusyTimeout.count()));
  if (locked || session.standing() == Standing::kLost) return locked;
  return fail(
      ErrorCode::kConflict,
      fmt::format("another program writes to this database ({}): stop one of the two", holder(session)),
      session.name());
}

Result<> Tenure::leave_mark(Session& session) const {
  if (auto made = session.run(in_words_of(session.dialect(), kTable)); !made) return made;
  return guard(session.name(), [&] {
    session.soci() << "INSERT INTO tenure (id, mark) VALUES (1, :mark) "
                      "ON CONFLICT (id) DO UPDATE SET mark = excluded.mark",
        soci::use(mark_);
  });
}

Result<> Tenure::check_mark(Session& session) const {
  return guard(session.name(), [&]() -> Result<> {
    std::string mark;
    session.soci() << "SELECT mark FROM tenure", soci::into(mark);
    if (mark == mark_) return {};
    return fail(ErrorCode::kConflict,
                "while the connection was lost another program has written to this database, or a backup was "
                "restored: restart this one",
                session.name());
  });
}

Result<> Tenure::remember(Session& session) {
  return guard(session.name(), [&] {
    session.soci() << "SELECT pid, CAST(backend_start AS TEXT) FROM pg_stat_activity "
                      "WHERE pid = pg_backend_pid()",
        soci::into(process_), soci::into(since_);
  });
}

}  // namespace fieldline::sql

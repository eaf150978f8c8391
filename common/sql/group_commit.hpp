// Commits a group of writes with one sync of the disk. The thread that owns the session.
#pragma once

#include <span>
#include <vector>

#include "common/base/result.hpp"
#include "common/sql/database.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

struct PendingWrite {
  Database::Write write;
  Database::Done settle;
};

// Runs each write in a savepoint of its own, commits, and then settles all of them in order. When
// the transaction itself fails (disk full, I/O error) every write of the group gets that error.
void commit_group(Session& session, std::span<PendingWrite> group);

}  // namespace fieldline::sql

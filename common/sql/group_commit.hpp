// Commits a group of writes with one sync of the disk. The thread that owns the session.
#pragma once

#include <span>
#include <vector>

#include "common/base/result.hpp"
#include "common/sql/database.hpp"
#include "common/sql/link.hpp"

namespace fieldline::sql {

struct PendingWrite {
  Database::Write write;
  Database::Done settle;
};

// Runs the writes in one transaction, commits, and then settles all of them in order. When one of them
// fails, all are undone and run once more, each in a savepoint of its own: a savepoint costs a server two
// more round trips than the write itself, and few writes fail. When the transaction itself fails (disk
// full, server lost) every write of the group gets that error, and none is run again.
void commit_group(Link& link, std::span<PendingWrite> group);

}  // namespace fieldline::sql

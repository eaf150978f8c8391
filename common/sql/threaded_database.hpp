// The database of a running daemon: one thread owns the connection that writes and checkpoints, one
// the connection that reads.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "common/sql/database.hpp"

namespace fieldline::sql {

// Opens and migrates on the calling thread. Destroying it commits what waits.
Result<std::unique_ptr<Database>> open_threaded(const Opening& opening);

}  // namespace fieldline::sql

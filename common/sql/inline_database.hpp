// The twin of the threaded database for a simulated world: the same databases, the same groups, but its
// turns come from an executor of that world. Destroying it loses what waits, as a power cut does.
#pragma once

#include <memory>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/sql/database.hpp"

namespace fieldline::sql {

// `commit_time` passes between the first write of a group and its commit: the simulated disk.
// "sqlite::memory:" serves as well as a file.
Result<std::unique_ptr<Database>> open_inline(const Opening& opening, std::unique_ptr<Executor> turns,
                                              Duration commit_time = Duration::zero());

}  // namespace fieldline::sql

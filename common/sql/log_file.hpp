// Whether the write-ahead log of a SQLite database lost what was committed: SQLite itself takes what stands
// before a damage for all there is. Only reads, and waits for the disk: before anyone opens the database.
#pragma once

#include <filesystem>

#include "common/base/result.hpp"

namespace fieldline::sql {

// kCorrupt: it is damaged, and behind the damage stands what was committed after that was on the disk. What
// a power cut leaves of the last transaction is no damage, and a damage within that one is not told from it.
// A log that is not there is whole.
Result<> check_log(const std::filesystem::path& database);

}  // namespace fieldline::sql

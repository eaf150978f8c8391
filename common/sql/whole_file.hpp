// Whether the file of a SQLite database is whole, looked at from its first page to its last before it is
// used, and what is done with one that is not. Waits for the disk: for starting up.
#pragma once

#include <filesystem>

#include "common/base/result.hpp"
#include "common/base/time.hpp"

namespace fieldline::sql {

// A file that is not there is whole. Indexes that do not say what their tables say are made anew. kCorrupt:
// it is no database, or its parts contradict each other; bytes within a value may still have changed.
Result<> check_whole(const std::filesystem::path& file);

// Renames it, and its log, to "NAME.damaged-20260102T030405Z", which is the answer.
Result<std::filesystem::path> set_aside(const std::filesystem::path& file, Timestamp now);
// Copies its log to "NAME.damaged-20260102T030405Z-wal", which is the answer.
Result<std::filesystem::path> copy_log_aside(const std::filesystem::path& file, Timestamp now);

}  // namespace fieldline::sql

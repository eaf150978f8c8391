// The disks of simulated sites: one SQLite file each, a commit with synchronous=FULL before an answer.
// A few threads stand for the many machines, in both worlds.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/base/check.hpp"
#include "common/base/worker.hpp"

namespace fieldline::bench {

class Disks {
 public:
  Disks(std::size_t first, std::size_t count, const std::filesystem::path& folder)
      : first_(first), worker_("disks", 8, count + 1) {
    for (auto i = first; i < first + count; ++i) {
      sqlite3* disk = nullptr;
      const auto path = (folder / (std::to_string(i) + ".db")).string();
      FIELDLINE_CHECK(sqlite3_open(path.c_str(), &disk) == SQLITE_OK);
      FIELDLINE_CHECK(
          sqlite3_exec(disk,
                       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "CREATE TABLE IF NOT EXISTS configuration (id INTEGER PRIMARY KEY, bytes BLOB)",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
      disks_.push_back(disk);
    }
  }

  ~Disks() {
    for (auto* disk : disks_) sqlite3_close(disk);
  }
  Disks(const Disks&) = delete;
  Disks& operator=(const Disks&) = delete;

  // `then` runs on a disk thread once the bytes are durable.
  void commit(std::size_t site, std::string bytes, std::function<void()> then) {
    FIELDLINE_CHECK(worker_.try_post([this, site, bytes = std::move(bytes), then = std::move(then)] {
      sqlite3_stmt* statement = nullptr;
      FIELDLINE_CHECK(sqlite3_prepare_v2(disks_[site - first_],
                                         "INSERT OR REPLACE INTO configuration VALUES (1, ?)", -1, &statement,
                                         nullptr) == SQLITE_OK);
      sqlite3_bind_blob(statement, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
      FIELDLINE_CHECK(sqlite3_step(statement) == SQLITE_DONE);
      sqlite3_finalize(statement);
      then();
    }));
  }

 private:
  const std::size_t first_;
  std::vector<sqlite3*> disks_;
  ThreadWorker worker_;  // ends before the disks close
};

}  // namespace fieldline::bench

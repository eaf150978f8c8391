#include "tests/bench/outbox/bare_commits.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "common/base/check.hpp"
#include "common/sql/limits.hpp"

namespace fieldline::bench {
namespace {

constexpr auto kSchema =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;";

class BareWriter {
 public:
  BareWriter(const std::filesystem::path& file, std::size_t size) : bytes_(size, 'm') {
    FIELDLINE_CHECK(sqlite3_open_v2(file.c_str(), &database_,
                                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                    nullptr) == SQLITE_OK);
    run(kSchema);
    FIELDLINE_CHECK(sqlite3_prepare_v2(database_, "INSERT INTO messages (bytes) VALUES (?)", -1, &insert_,
                                       nullptr) == SQLITE_OK);
    thread_ = std::thread([this] { write(); });
  }
  ~BareWriter() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    asked_.notify_all();
    thread_.join();
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  BareWriter(const BareWriter&) = delete;
  BareWriter& operator=(const BareWriter&) = delete;

  void ask() {
    {
      const std::lock_guard lock(mutex_);
      ++waiting_;
    }
    asked_.notify_one();
  }
  // How many were answered, at least one.
  std::size_t answers() {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return done_ > 0; });
    return std::exchange(done_, 0);
  }

 private:
  void run(const char* statements) {
    FIELDLINE_CHECK(sqlite3_exec(database_, statements, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  void write() {
    for (;;) {
      std::size_t group = 0;
      {
        std::unique_lock lock(mutex_);
        asked_.wait(lock, [this] { return closed_ || waiting_ > 0; });
        if (closed_) return;
        group = std::min(waiting_, sql::kGroup);
        waiting_ -= group;
      }
      run("BEGIN IMMEDIATE");
      for (std::size_t i = 0; i < group; ++i) {
        sqlite3_bind_blob(insert_, 1, bytes_.data(), static_cast<int>(bytes_.size()), SQLITE_STATIC);
        FIELDLINE_CHECK(sqlite3_step(insert_) == SQLITE_DONE);
        sqlite3_reset(insert_);
      }
      run("COMMIT");
      {
        const std::lock_guard lock(mutex_);
        done_ += group;
      }
      answered_.notify_one();
    }
  }

  const std::string bytes_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::size_t waiting_ = 0;
  std::size_t done_ = 0;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace

double bare_commits(const std::filesystem::path& file, std::size_t count, std::size_t in_flight,
                    std::size_t size) {
  BareWriter writer(file, size);
  std::size_t asked = 0;
  const auto start = std::chrono::steady_clock::now();
  for (; asked < in_flight; ++asked) writer.ask();
  for (std::size_t answered = 0; answered < count;) {
    const auto more = writer.answers();
    answered += more;
    for (std::size_t i = 0; i < more && asked < count; ++i, ++asked) writer.ask();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(count) / took.count();
}

}  // namespace fieldline::bench

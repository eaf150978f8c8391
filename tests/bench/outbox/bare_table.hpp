// A table with nothing but bytes, written by SQLite's own API with the settings of the journal's files.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <string_view>

#include "common/base/check.hpp"

namespace fieldline::bench {

class BareTable {
 public:
  explicit BareTable(const std::filesystem::path& file) {
    FIELDLINE_CHECK(sqlite3_open_v2(file.c_str(), &database_,
                                    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                    nullptr) == SQLITE_OK);
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE messages (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;");
    FIELDLINE_CHECK(sqlite3_prepare_v2(database_, "INSERT INTO messages (bytes) VALUES (?)", -1, &insert_,
                                       nullptr) == SQLITE_OK);
  }
  ~BareTable() {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }
  BareTable(const BareTable&) = delete;
  BareTable& operator=(const BareTable&) = delete;

  void begin() { run("BEGIN IMMEDIATE"); }
  void insert(std::string_view bytes) {
    sqlite3_bind_blob(insert_, 1, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
    FIELDLINE_CHECK(sqlite3_step(insert_) == SQLITE_DONE);
    sqlite3_reset(insert_);
  }
  void commit() { run("COMMIT"); }

 private:
  void run(const char* statements) {
    FIELDLINE_CHECK(sqlite3_exec(database_, statements, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace fieldline::bench

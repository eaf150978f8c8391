// The rows of deployments by SQLite's own API.
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>

#include "common/base/check.hpp"
#include "common/sql/limits.hpp"
#include "tests/bench/deployment/centre.hpp"
#include "tests/bench/fanout/pipe.hpp"
#include "tests/bench/stopwatch.hpp"

namespace fieldline::bench {
namespace {

constexpr auto kSchema =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE deployments (instance TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE deployed (instance TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sent_configs (sent INTEGER PRIMARY KEY, instance TEXT NOT NULL, revision TEXT NOT NULL,"
    "bytes BLOB NOT NULL, provenance BLOB NOT NULL, UNIQUE (instance, revision)) STRICT;";

class Statement {
 public:
  Statement(sqlite3* database, const char* text) {
    FIELDLINE_CHECK(sqlite3_prepare_v2(database, text, -1, &statement_, nullptr) == SQLITE_OK);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  struct Parameter {
    const std::string& value;
    bool is_blob = false;
  };

  void run(std::initializer_list<Parameter> parameters) {
    int at = 0;
    for (const auto& [value, is_blob] : parameters) {
      const auto bind = is_blob ? &bind_blob : &bind_text;
      bind(statement_, ++at, value);
    }
    FIELDLINE_CHECK(sqlite3_step(statement_) == SQLITE_DONE);
    sqlite3_reset(statement_);
  }

 private:
  static void bind_blob(sqlite3_stmt* statement, int at, const std::string& value) {
    sqlite3_bind_blob(statement, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  }
  static void bind_text(sqlite3_stmt* statement, int at, const std::string& value) {
    sqlite3_bind_text(statement, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  }

  sqlite3_stmt* statement_ = nullptr;
};

template <class Write>
void in_groups(sqlite3* database, std::size_t count, const Write& write) {
  for (std::size_t i = 0; i < count; ++i) {
    if (i % sql::kGroup == 0) sqlite3_exec(database, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
    write("S" + std::to_string(i));
    if (i % sql::kGroup == sql::kGroup - 1 || i + 1 == count)
      FIELDLINE_CHECK(sqlite3_exec(database, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
}

}  // namespace

double raw_commits_on_sqlite(std::size_t instances, const RowSizes& sizes) {
  const auto folder = std::filesystem::temp_directory_path() / ("fieldline-raw-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  sqlite3* database = nullptr;
  FIELDLINE_CHECK(sqlite3_open_v2((folder / "raw.db").c_str(), &database,
                                  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                  nullptr) == SQLITE_OK);
  FIELDLINE_CHECK(sqlite3_exec(database, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK);
  const std::string row(300, 'r');
  const std::string revision(64, 'a');
  const std::string config(sizes.config, 'c');
  const std::string provenance(sizes.provenance, 'p');
  double milliseconds = 0;
  {
    Statement status(database, "INSERT OR REPLACE INTO deployments VALUES (?, ?)");
    Statement deployed(database, "INSERT OR REPLACE INTO deployed VALUES (?, ?)");
    Statement sent(database,
                   "INSERT INTO sent_configs (instance, revision, bytes, provenance) VALUES (?, ?, ?, ?)");
    const Stopwatch watch;
    in_groups(database, instances, [&](const std::string& instance) {
      status.run({{instance}, {row}});
      sent.run({{instance}, {revision}, {config, true}, {provenance, true}});
    });
    in_groups(database, instances, [&](const std::string& instance) {
      status.run({{instance}, {row}});
      deployed.run({{instance}, {row}});
    });
    milliseconds = watch.milliseconds();
  }
  sqlite3_close(database);
  std::filesystem::remove_all(folder);
  return static_cast<double>(instances) / milliseconds * 1000;
}

}  // namespace fieldline::bench

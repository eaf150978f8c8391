// The rows of deployments by SQLite's own API: prepared statements, 512 writes in one commit, in the
// two groups that no deployment can do without: before its order leaves, and after its report.
#include <sqlite3.h>

#include "common/base/check.hpp"
#include "common/sql/limits.hpp"
#include "tests/bench/deployment/centre.hpp"
#include "tests/bench/fanout/pipe.hpp"

namespace fieldline::bench {
namespace {

constexpr auto kSchema =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
    "CREATE TABLE deployments (instance TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE deployed (instance TEXT PRIMARY KEY, row TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE sent_configs (sent INTEGER PRIMARY KEY, instance TEXT NOT NULL, revision TEXT NOT NULL,"
    "bytes BLOB NOT NULL, provenance TEXT NOT NULL, UNIQUE (instance, revision)) STRICT;";

class Statement {
 public:
  Statement(sqlite3* database, const char* text) {
    FIELDLINE_CHECK(sqlite3_prepare_v2(database, text, -1, &statement_, nullptr) == SQLITE_OK);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void run(const std::vector<std::string>& values, std::size_t blob = ~std::size_t{0}) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<int>(i + 1);
      const auto size = static_cast<int>(values[i].size());
      if (i == blob) {
        sqlite3_bind_blob(statement_, at, values[i].data(), size, SQLITE_STATIC);
      } else {
        sqlite3_bind_text(statement_, at, values[i].data(), size, SQLITE_STATIC);
      }
    }
    FIELDLINE_CHECK(sqlite3_step(statement_) == SQLITE_DONE);
    sqlite3_reset(statement_);
  }

 private:
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

double raw_commits_per_second(const std::string& folder, std::size_t instances, std::size_t config_bytes,
                              std::size_t provenance_bytes) {
  sqlite3* database = nullptr;
  FIELDLINE_CHECK(sqlite3_open((folder + "/raw.db").c_str(), &database) == SQLITE_OK);
  FIELDLINE_CHECK(sqlite3_exec(database, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK);
  const std::string row(300, 'r');
  const std::string revision(64, 'a');
  const std::string config(config_bytes, 'c');
  const std::string provenance(provenance_bytes, 'p');
  double milliseconds = 0;
  {
    Statement status(database, "INSERT OR REPLACE INTO deployments VALUES (?, ?)");
    Statement deployed(database, "INSERT OR REPLACE INTO deployed VALUES (?, ?)");
    Statement sent(database,
                   "INSERT INTO sent_configs (instance, revision, bytes, provenance) VALUES (?, ?, ?, ?)");
    const Stopwatch watch;
    in_groups(database, instances, [&](const std::string& instance) {
      status.run({instance, row});
      sent.run({instance, revision, config, provenance}, 2);
    });
    in_groups(database, instances, [&](const std::string& instance) {
      status.run({instance, row});
      deployed.run({instance, row});
    });
    milliseconds = watch.milliseconds();
  }
  sqlite3_close(database);
  return static_cast<double>(instances) / milliseconds * 1000;
}

}  // namespace fieldline::bench

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "common/sql/connection.hpp"
#include "common/sql/guard.hpp"
#include "common/sql/limits.hpp"

namespace fieldline::sql {
namespace {

constexpr std::string_view kMemory = ":memory:";
constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

Failure refused(const std::string& path, const char* action, int error) {
  return fail(ErrorCode::kIo,
              fmt::format("cannot {} {}: {}", action, path, std::generic_category().message(error)), path);
}

// Makes the file before SQLite does, so that there is no moment in which others can open it. The
// write-ahead log takes its mode from it. An existing file is never opened here: to close any
// descriptor of a file drops the locks that this process holds on it.
Result<> secure(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  if (errno != EEXIST) return refused(path, "create", errno);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return refused(path, "examine", errno);
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kIo, path + " is not a regular file", path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) == 0) return {};
  if (::chmod(path.c_str(), kOwnerOnly) != 0) return refused(path, "make private", errno);
  return {};
}

// A connection is used by one thread at a time, so that nothing inside it needs a lock. Before the first.
void configure() {
  static const bool done = [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    return true;
  }();
  static_cast<void>(done);
}

// One statement without parameters or rows, compiled when it is first run.
class PlainStatement {
 public:
  explicit PlainStatement(const char* text) : text_(text) {}

  int run(sqlite_api::sqlite3* connection) {
    if (!statement_) {
      sqlite_api::sqlite3_stmt* made = nullptr;
      const int result =
          sqlite_api::sqlite3_prepare_v3(connection, text_, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
      if (result != SQLITE_OK) return result;
      statement_.reset(made);
    }
    sqlite_api::sqlite3_step(statement_.get());
    return sqlite_api::sqlite3_reset(statement_.get());
  }

 private:
  struct Finalize {
    void operator()(sqlite_api::sqlite3_stmt* statement) const { sqlite_api::sqlite3_finalize(statement); }
  };

  const char* text_;
  std::unique_ptr<sqlite_api::sqlite3_stmt, Finalize> statement_;
};

class SqliteConnection final : public Connection {
 public:
  SqliteConnection(std::unique_ptr<KeepingSession> session, std::string name)
      : Connection(std::move(session)), name_(std::move(name)) {}

  Result<> prepare(Access access, bool in_memory) {
    const auto settings = fmt::format(
        "PRAGMA busy_timeout={}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
        "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit={};",
        kBusyTimeout.count(), kWalBytes);
    if (auto set = run(settings); !set) return set;
    if (access == Access::kReadOnly || in_memory) return {};
    return guard(name_, [this]() -> Result<> {
      std::string mode;
      soci() << "PRAGMA journal_mode=WAL", soci::into(mode);
      if (mode == "wal") return {};
      return fail(ErrorCode::kIo, "the file system does not support a write-ahead log: use a local disk",
                  name_);
    });
  }

  Result<> run(const std::string& statements) override {
    return judged(sqlite_api::sqlite3_exec(handle(), statements.c_str(), nullptr, nullptr, nullptr));
  }

  Result<> begin(Transaction kind) override {
    return judged((kind == Transaction::kWrite ? begin_write_ : begin_snapshot_).run(handle()));
  }
  Result<> commit() override { return judged(commit_.run(handle())); }
  Result<> roll_back() override { return judged(roll_back_.run(handle())); }

  Standing standing() override {
    return sqlite_api::sqlite3_get_autocommit(handle()) == 0 ? Standing::kInTransaction : Standing::kIdle;
  }

 private:
  Result<> judged(int result) {
    if (result == SQLITE_OK) return {};
    return fail(code_of_sqlite(result), sqlite_api::sqlite3_errmsg(handle()), name_);
  }

  sqlite_api::sqlite3* handle() {
    return static_cast<soci::sqlite3_session_backend*>(soci().get_backend())->conn_;
  }

  const std::string name_;
  // Around each read and each group of writes.
  PlainStatement begin_write_{"BEGIN IMMEDIATE"};
  PlainStatement begin_snapshot_{"BEGIN"};
  PlainStatement commit_{"COMMIT"};
  PlainStatement roll_back_{"ROLLBACK"};
};

}  // namespace

Result<std::unique_ptr<Connection>> connect_sqlite(const Address& address, Access access) {
  configure();
  const auto& path = address.target;
  const bool in_memory = path == kMemory;
  if (access == Access::kReadWrite && !in_memory) {
    if (auto secured = secure(path); !secured) return fail(secured.error());
  }
  auto opened = guard(address.name, [&] {
    return std::make_unique<KeepingSession>(
        soci::sqlite3,
        fmt::format("dbname=\"{}\"{}", path, access == Access::kReadOnly ? " readonly=true" : ""));
  });
  if (!opened) return fail(opened.error());
  auto connection = std::make_unique<SqliteConnection>(std::move(*opened), address.name);
  if (auto prepared = connection->prepare(access, in_memory); !prepared) return fail(prepared.error());
  return connection;
}

}  // namespace fieldline::sql

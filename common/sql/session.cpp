#include "common/sql/session.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/sql/guard.hpp"
#include "common/sql/limits.hpp"

namespace fieldline::sql {
namespace {

constexpr std::string_view kSqlite = "sqlite:";
constexpr std::string_view kMemory = ":memory:";
constexpr mode_t kOwnerOnly = S_IRUSR | S_IWUSR;

sqlite_api::sqlite3* handle(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

Failure refused(const std::string& path, const char* action, int error) {
  return fail(ErrorCode::kIo,
              fmt::format("cannot {} {}: {}", action, path, std::generic_category().message(error)), path);
}

Result<std::string> path_of(std::string_view connection) {
  if (connection.substr(0, kSqlite.size()) != kSqlite || connection.size() == kSqlite.size()) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a database: give sqlite:PATH", connection));
  }
  std::string path(connection.substr(kSqlite.size()));
  // SOCI's own connection string has no escape for these.
  if (path.find_first_of(std::string_view("\"\0", 2)) != std::string::npos) {
    return fail(ErrorCode::kInvalid, "a database path may not hold a quote or a NUL byte");
  }
  return path;
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

}  // namespace

Result<Session> Session::open(std::string_view connection, Access access) {
  const auto path = path_of(connection);
  if (!path) return fail(path.error());
  const bool in_memory = *path == kMemory;
  if (access == Access::kReadWrite && !in_memory) {
    if (auto secured = secure(*path); !secured) return fail(secured.error());
  }
  std::string name(connection);
  auto opened = guard(name, [&] {
    return std::make_unique<soci::session>(
        soci::sqlite3,
        fmt::format("dbname=\"{}\"{}", *path, access == Access::kReadOnly ? " readonly=true" : ""));
  });
  if (!opened) return fail(opened.error());
  Session session(std::move(name), std::move(*opened));
  if (auto prepared = session.prepare(access, in_memory); !prepared) return fail(prepared.error());
  return session;
}

Result<> Session::prepare(Access access, bool in_memory) {
  const auto settings = fmt::format(
      "PRAGMA busy_timeout={}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
      "PRAGMA cell_size_check=ON; PRAGMA journal_size_limit={};",
      kBusyTimeout.count(), kWalBytes);
  if (auto set = run(settings); !set) return set;
  if (access == Access::kReadOnly || in_memory) return {};
  return guard(name_, [this]() -> Result<> {
    std::string mode;
    *soci_ << "PRAGMA journal_mode=WAL", soci::into(mode);
    if (mode == "wal") return {};
    return fail(ErrorCode::kIo, "the file system does not support a write-ahead log: use a local disk",
                name_);
  });
}

Result<> Session::run(const std::string& statements) {
  auto* sqlite = handle(*soci_);
  const int result = sqlite_api::sqlite3_exec(sqlite, statements.c_str(), nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return {};
  return fail(code_of_sqlite(result), sqlite_api::sqlite3_errmsg(sqlite), name_);
}

bool Session::in_transaction() {
  return sqlite_api::sqlite3_get_autocommit(handle(*soci_)) == 0;
}

}  // namespace fieldline::sql

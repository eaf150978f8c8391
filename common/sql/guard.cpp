#include "common/sql/guard.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace fieldline::sql {
namespace {

// SQLSTATEs, or the two letters of a class of them (PostgreSQL, Appendix A); the first that fits counts.
constexpr auto kSqlStates = std::to_array<std::pair<std::string_view, ErrorCode>>({
    {"57014", ErrorCode::kTimeout},  // cancelled: it ran for longer than a statement may
    {"08", ErrorCode::kUnavailable},
    {"25P03", ErrorCode::kUnavailable},  // idle for longer than a transaction may
    {"40", ErrorCode::kUnavailable},
    {"55P03", ErrorCode::kUnavailable},
    {"57", ErrorCode::kUnavailable},
    {"23", ErrorCode::kConflict},
    {"53", ErrorCode::kExhausted},
    {"54", ErrorCode::kTooLarge},
    {"XX001", ErrorCode::kCorrupt},
    {"XX002", ErrorCode::kCorrupt},
    {"25006", ErrorCode::kIo},
    {"28", ErrorCode::kIo},
    {"42501", ErrorCode::kIo},
    {"58", ErrorCode::kIo},
});
constexpr std::string_view kDataException = "22";

}  // namespace

ErrorCode code_of_sqlite(int result) {
  constexpr int kPrimary = 0xff;
  switch (result & kPrimary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      return ErrorCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_CONSTRAINT:
      return ErrorCode::kConflict;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::kExhausted;
    case SQLITE_TOOBIG:
      return ErrorCode::kTooLarge;
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::kIo;
    default:
      return ErrorCode::kInternal;
  }
}

Error describe_sqlstate(std::string_view state, std::string_view said, std::string_view where) {
  const auto known = std::find_if(kSqlStates.begin(), kSqlStates.end(),
                                  [&](const auto& row) { return state.starts_with(row.first); });
  const auto code = known == kSqlStates.end() ? ErrorCode::kInternal : known->second;
  // These repeat the value that did not fit, which may be a secret.
  if (state.starts_with(kDataException)) {
    return {
        code, fmt::format("a value does not fit its column (SQLSTATE {})", state), std::string(where), {}};
  }
  std::string message(said.substr(0, said.find_last_not_of(" \n") + 1));
  std::replace(message.begin(), message.end(), '\n', ' ');
  return {code, fmt::format("{} (SQLSTATE {})", message, state), std::string(where), {}};
}

Error describe_exception(const std::exception& exception, std::string_view where) {
  if (const auto* postgresql = dynamic_cast<const soci::postgresql_soci_error*>(&exception)) {
    return describe_sqlstate(postgresql->sqlstate(), postgresql->get_error_message(), where);
  }
  auto code = ErrorCode::kInternal;
  std::string message = exception.what();
  if (const auto* library = dynamic_cast<const soci::soci_error*>(&exception)) {
    // what() would add the values that were bound, which may be secrets or long.
    message = library->get_error_message();
  }
  if (const auto* sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&exception)) {
    code = code_of_sqlite(sqlite->result());
  } else if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    code = ErrorCode::kExhausted;
  }
  return {code, std::move(message), std::string(where), {}};
}

}  // namespace fieldline::sql

#include "common/sql/guard.hpp"

#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <new>
#include <utility>

namespace fieldline::sql {

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

Error describe_exception(const std::exception& exception, std::string_view where) {
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

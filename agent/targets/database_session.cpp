#include "agent/targets/database_session.hpp"

#include <fmt/format.h>

#include "agent/targets/limits.hpp"

namespace fieldline::targets {

Result<std::unique_ptr<DatabaseSession>> DatabaseSession::open(const DatabaseConnection& connection,
                                                               DatabaseUse use,
                                                               const std::filesystem::path& own_folder,
                                                               const StatementTimes& times) {
  if (connection.backend == DatabaseBackend::kSqlite) return open_sqlite(connection, use, own_folder);
  return open_postgresql(connection, use, times);
}

std::string parameter_text(const Value& value) {
  struct Writer {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(double number) const { return fmt::format("{}", number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(Timestamp time) const { return format_rfc3339(time); }
  };
  return std::visit(Writer{}, value);
}

std::string rows_text(std::uint64_t rows) {
  return rows == 1 ? "1 row" : fmt::format("{} rows", rows);
}

Failure too_many_rows() {
  return fail(ErrorCode::kTooLarge, fmt::format("the query has more than {} rows: give it a LIMIT", kRows));
}

Failure too_many_bytes() {
  return fail(ErrorCode::kTooLarge,
              fmt::format("the rows of the query are longer than {} KiB: ask for less", kRowBytes / 1024));
}

}  // namespace fieldline::targets

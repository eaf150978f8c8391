#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <array>
#include <cmath>
#include <utility>

#include "agent/targets/database_session.hpp"
#include "agent/targets/limits.hpp"
#include "agent/targets/text.hpp"
#include "common/sql/guard.hpp"

namespace fieldline::targets {
namespace {

// Instructions of SQLite between two looks at the clock: some microseconds.
constexpr int kProgressSteps = 1000;

struct StatementDeleter {
  void operator()(sqlite_api::sqlite3_stmt* statement) const { sqlite_api::sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite_api::sqlite3_stmt, StatementDeleter>;

// No other file, no setting, no end of the transaction: a statement works on the tables of its database.
int permit(void*, int action, const char*, const char*, const char*, const char*) {
  constexpr auto kForbidden =
      std::to_array<int>({SQLITE_ATTACH, SQLITE_DETACH, SQLITE_PRAGMA, SQLITE_TRANSACTION, SQLITE_SAVEPOINT});
  for (const int forbidden : kForbidden) {
    if (action == forbidden) return SQLITE_DENY;
  }
  return SQLITE_OK;
}

bool is_passing(int result) {
  switch (sql::code_of_sqlite(result)) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kCorrupt:
    case ErrorCode::kExhausted:
      return true;
    case ErrorCode::kIo:
      return (result & 0xff) != SQLITE_AUTH;
    default:
      return false;
  }
}

std::string hex_of(const unsigned char* bytes, std::size_t size) {
  std::string text = "\\x";
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

class SqliteSession final : public DatabaseSession {
 public:
  explicit SqliteSession(const std::string& connection) : sql_(soci::sqlite3, connection) {
    // Not within a script's statement: PRAGMA is one of what it may not.
    exec(fmt::format(
        "PRAGMA busy_timeout={}; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON",
        std::chrono::milliseconds(std::chrono::ceil<std::chrono::milliseconds>(kBusyTimeout)).count()));
    sqlite_api::sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite_api::sqlite3_limit(handle(), SQLITE_LIMIT_ATTACHED, 0);
    sqlite_api::sqlite3_limit(handle(), SQLITE_LIMIT_LENGTH, 2 * static_cast<int>(kRowBytes));
    sqlite_api::sqlite3_progress_handler(handle(), kProgressSteps, &SqliteSession::progress, this);
  }

  Outcome write(const DatabaseWrite& write, const std::string& message_id, Timestamp now) override {
    deadline_ = std::chrono::steady_clock::now() + kStatementTimeout;
    auto written = write_once(write, message_id, now);
    roll_back();
    if (written) return Delivered{std::move(*written)};
    if (written.error().passing) return Postponed{written.error().reason};
    return Refused{written.error().reason};
  }

  Result<Json> query(const DatabaseQuery& query) override {
    deadline_ = std::chrono::steady_clock::now() + kStatementTimeout;
    auto statement = prepare(query.statement, query.parameters);
    if (!statement) return in_words(statement.error());
    if (sqlite_api::sqlite3_stmt_readonly(statement->get()) == 0) {
      return fail(ErrorCode::kInvalid, "the statement writes: give it to database.write");
    }
    auto rows = Json::array();
    std::size_t bytes = 0;
    int result = SQLITE_DONE;
    while ((result = sqlite_api::sqlite3_step(statement->get())) == SQLITE_ROW) {
      if (rows.size() == kRows) return too_many_rows();
      rows.push_back(row_of(statement->get(), bytes));
      if (bytes > kRowBytes) return too_many_bytes();
    }
    if (result != SQLITE_DONE) return in_words(trouble(result));
    return rows;
  }

  bool lost() override { return false; }
  void interrupt() override { sqlite_api::sqlite3_interrupt(handle()); }

 private:
  struct Trouble {
    std::string reason;
    bool passing = false;
  };
  template <class T>
  using Tried = tl::expected<T, Trouble>;

  sqlite_api::sqlite3* handle() {
    return static_cast<soci::sqlite3_session_backend*>(sql_.get_backend())->conn_;
  }

  static int progress(void* session) {
    return std::chrono::steady_clock::now() > static_cast<SqliteSession*>(session)->deadline_ ? 1 : 0;
  }

  Trouble trouble(int result) {
    return {reason_of(sqlite_api::sqlite3_errmsg(handle())), is_passing(result)};
  }
  static Trouble refusal(std::string why) { return {reason_of(why), false}; }
  static Failure in_words(const Trouble& trouble) {
    return fail(trouble.passing ? ErrorCode::kUnavailable : ErrorCode::kInvalid, trouble.reason);
  }

  int exec(const std::string& statements) {
    return sqlite_api::sqlite3_exec(handle(), statements.c_str(), nullptr, nullptr, nullptr);
  }
  void roll_back() {
    if (sqlite_api::sqlite3_get_autocommit(handle()) == 0) exec("ROLLBACK");
  }

  Tried<std::string> write_once(const DatabaseWrite& write, const std::string& message_id, Timestamp now) {
    find_marks(now);
    if (const int begun = exec("BEGIN IMMEDIATE"); begun != SQLITE_OK) return tl::unexpected(trouble(begun));
    if (marks_) {
      const auto marked =
          run("INSERT INTO fieldline_deliveries (message_id, delivered) VALUES (:id, :now) "
              "ON CONFLICT DO NOTHING",
              {{"id", message_id}, {"now", now}});
      if (!marked) return tl::unexpected(marked.error());
      if (*marked == 0) return std::string("written before");
    }
    auto parameters = write.parameters;
    parameters.insert_or_assign("message_id", message_id);
    const auto rows = run(write.statement, parameters);
    if (!rows) return tl::unexpected(rows.error());
    if (const int committed = exec("COMMIT"); committed != SQLITE_OK)
      return tl::unexpected(trouble(committed));
    return rows_text(*rows);
  }

  // Once a session: the table is there, or made, or the file is not for that.
  void find_marks(Timestamp now) {
    if (marks_known_) return;
    const int made = exec(
        "CREATE TABLE IF NOT EXISTS fieldline_deliveries "
        "(message_id TEXT PRIMARY KEY, delivered TEXT NOT NULL)");
    if (made != SQLITE_OK && is_passing(made)) return;
    marks_known_ = true;
    marks_ = made == SQLITE_OK;
    if (marks_) {
      static_cast<void>(run("DELETE FROM fieldline_deliveries WHERE delivered < :then",
                            {{"then", Timestamp(now - kMarksKept)}}));
    }
  }

  Tried<std::uint64_t> run(const std::string& text, const std::map<std::string, Value>& parameters) {
    auto statement = prepare(text, parameters);
    if (!statement) return tl::unexpected(statement.error());
    const auto before = sqlite_api::sqlite3_total_changes(handle());
    int result = SQLITE_ROW;
    while (result == SQLITE_ROW) result = sqlite_api::sqlite3_step(statement->get());
    if (result != SQLITE_DONE) return tl::unexpected(trouble(result));
    // Of a statement that changes no row, sqlite3_changes would tell the one before.
    const bool changed = sqlite_api::sqlite3_total_changes(handle()) != before;
    return changed ? static_cast<std::uint64_t>(sqlite_api::sqlite3_changes(handle())) : 0;
  }

  Tried<Statement> prepare(const std::string& text, const std::map<std::string, Value>& parameters) {
    sqlite_api::sqlite3_stmt* made = nullptr;
    const char* tail = nullptr;
    sqlite_api::sqlite3_set_authorizer(handle(), &permit, nullptr);
    const int result = sqlite_api::sqlite3_prepare_v2(handle(), text.c_str(),
                                                      static_cast<int>(text.size()) + 1, &made, &tail);
    sqlite_api::sqlite3_set_authorizer(handle(), nullptr, nullptr);
    Statement statement(made);
    if (result != SQLITE_OK) return tl::unexpected(trouble(result));
    if (!statement) return tl::unexpected(refusal("there is no statement"));
    if (std::string_view(tail).find_first_not_of(" \t\r\n;") != std::string_view::npos) {
      return tl::unexpected(refusal("there is more than one statement"));
    }
    for (int i = 1; i <= sqlite_api::sqlite3_bind_parameter_count(made); ++i) {
      const char* name = sqlite_api::sqlite3_bind_parameter_name(made, i);
      const auto value = name == nullptr ? parameters.end() : parameters.find(name + 1);
      if (value == parameters.end() || *name != ':') {
        return tl::unexpected(refusal(fmt::format("there is no value for {}", name == nullptr ? "?" : name)));
      }
      bind(made, i, value->second);
    }
    return statement;
  }

  static void bind(sqlite_api::sqlite3_stmt* statement, int i, const Value& value) {
    if (const auto* truth = std::get_if<bool>(&value)) {
      sqlite_api::sqlite3_bind_int(statement, i, *truth ? 1 : 0);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      sqlite_api::sqlite3_bind_int64(statement, i, *integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      sqlite_api::sqlite3_bind_double(statement, i, *number);
    } else if (std::holds_alternative<std::monostate>(value)) {
      sqlite_api::sqlite3_bind_null(statement, i);
    } else {
      using sqlite_api::sqlite3_destructor_type;  // for SQLITE_TRANSIENT
      const auto text = parameter_text(value);
      sqlite_api::sqlite3_bind_text(statement, i, text.data(), static_cast<int>(text.size()),
                                    SQLITE_TRANSIENT);
    }
  }

  static Json row_of(sqlite_api::sqlite3_stmt* statement, std::size_t& bytes) {
    auto row = Json::object();
    for (int i = 0; i < sqlite_api::sqlite3_column_count(statement); ++i) {
      const char* name = sqlite_api::sqlite3_column_name(statement, i);
      auto value = value_of(statement, i, bytes);
      bytes += std::string_view(name).size() + sizeof(std::int64_t);
      row[name] = std::move(value);
    }
    return row;
  }

  static Json value_of(sqlite_api::sqlite3_stmt* statement, int i, std::size_t& bytes) {
    const int type = sqlite_api::sqlite3_column_type(statement, i);
    if (type == SQLITE_INTEGER) return Json(std::int64_t{sqlite_api::sqlite3_column_int64(statement, i)});
    if (type == SQLITE_FLOAT) return Json(sqlite_api::sqlite3_column_double(statement, i));
    if (type == SQLITE_NULL) return {};
    const auto* content = static_cast<const unsigned char*>(sqlite_api::sqlite3_column_blob(statement, i));
    const auto size = static_cast<std::size_t>(sqlite_api::sqlite3_column_bytes(statement, i));
    bytes += size;
    if (type == SQLITE_BLOB) return hex_of(content, size);
    return std::string(reinterpret_cast<const char*>(content), size);
  }

  soci::session sql_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  bool marks_ = false;
  bool marks_known_ = false;
};

// Where links lead counts, not how it is written.
bool is_within(const std::filesystem::path& file, const std::filesystem::path& folder) {
  std::error_code failed;
  const auto real = std::filesystem::canonical(file, failed);
  const auto owned = std::filesystem::canonical(folder, failed);
  const auto parted = std::mismatch(owned.begin(), owned.end(), real.begin(), real.end());
  return failed || parted.first == owned.end();
}

}  // namespace

Result<std::unique_ptr<DatabaseSession>> open_sqlite(const DatabaseConnection& connection, DatabaseUse use,
                                                     const std::filesystem::path& own_folder) {
  const auto& path = connection.database;
  // SOCI's own connection string has no escape for it.
  if (path.find('"') != std::string::npos || !path.starts_with('/')) {
    return fail(ErrorCode::kInvalid, "the file of the database is not an absolute path without quotes");
  }
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed)) {
    return fail(ErrorCode::kUnavailable, "there is no such database file at this node");
  }
  if (is_within(path, own_folder)) return fail(ErrorCode::kInvalid, "the file is one of the node's own");
  try {
    return std::make_unique<SqliteSession>(
        fmt::format("dbname=\"{}\"{}", path, use == DatabaseUse::kRead ? " readonly=true" : ""));
  } catch (const std::exception& error) {
    return fail(ErrorCode::kUnavailable, reason_of(sql::describe_exception(error, {}).message));
  }
}

}  // namespace fieldline::targets

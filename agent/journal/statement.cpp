#include "agent/journal/statement.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

#include <unordered_map>
#include <utility>

#include "agent/journal/limits.hpp"
#include "common/sql/prepared.hpp"

namespace fieldline::journal {
namespace {

namespace api = sqlite_api;

api::sqlite3* connection_of(soci::session& sql) {
  return static_cast<soci::sqlite3_session_backend*>(sql.get_backend())->conn_;
}

[[noreturn]] void refuse(api::sqlite3* connection, int result) {
  throw soci::sqlite3_soci_error(api::sqlite3_errmsg(connection), result);
}

// Neither copies: the caller keeps what it bound.
api::sqlite3_destructor_type not_copied() {
  return nullptr;
}

}  // namespace

// The statements of a session that nobody uses at the moment, by their text.
struct Statement::Idle {
  struct Finalize {
    void operator()(api::sqlite3_stmt* statement) const { api::sqlite3_finalize(statement); }
  };
  using Compiled = std::unique_ptr<api::sqlite3_stmt, Finalize>;

  explicit Idle(soci::session& sql) : connection(connection_of(sql)) {}

  Compiled take(const char* text) {
    if (auto found = kept->extract(text)) return std::move(found.mapped());
    api::sqlite3_stmt* made = nullptr;
    const int result =
        api::sqlite3_prepare_v3(connection, text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (result != SQLITE_OK) refuse(connection, result);
    return Compiled(made);
  }

  using Kept = std::unordered_map<std::string, Compiled>;
  api::sqlite3* connection;
  std::shared_ptr<Kept> kept = std::make_shared<Kept>();
};

struct Statement::Handle {
  api::sqlite3* connection;
  Idle::Compiled statement;
  std::weak_ptr<Idle::Kept> idle;  // a statement that the session keeps may go after them
};

void Statement::Close::operator()(Handle* handle) const {
  const std::unique_ptr<Handle> closed(handle);
  const auto idle = closed->idle.lock();
  if (!idle || idle->size() >= kIdleStatements) return;
  auto* statement = closed->statement.get();
  api::sqlite3_reset(statement);
  api::sqlite3_clear_bindings(statement);
  idle->try_emplace(api::sqlite3_sql(statement), std::move(closed->statement));
}

Statement::Statement(soci::session& sql, const char* text) {
  auto& idle = sql::prepared<Idle>(sql);
  handle_.reset(new Handle{idle.connection, idle.take(text), idle.kept});
}

Statement& Statement::bind(std::int64_t value) {
  api::sqlite3_bind_int64(handle_->statement.get(), ++bound_, value);
  return *this;
}

Statement& Statement::bind(const std::optional<std::int64_t>& value) {
  if (value) return bind(*value);
  api::sqlite3_bind_null(handle_->statement.get(), ++bound_);
  return *this;
}

Statement& Statement::text(std::string_view value) {
  api::sqlite3_bind_text64(handle_->statement.get(), ++bound_, value.data(), value.size(), not_copied(),
                           SQLITE_UTF8);
  return *this;
}

Statement& Statement::blob(std::string_view value) {
  api::sqlite3_bind_blob64(handle_->statement.get(), ++bound_, value.data(), value.size(), not_copied());
  return *this;
}

bool Statement::step() {
  const int result = api::sqlite3_step(handle_->statement.get());
  if (result == SQLITE_ROW) return true;
  reset();
  if (result != SQLITE_DONE) refuse(handle_->connection, result);
  return false;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::reset() {
  api::sqlite3_reset(handle_->statement.get());
  bound_ = 0;
}

std::int64_t Statement::integer(int column) const {
  return api::sqlite3_column_int64(handle_->statement.get(), column);
}

bool Statement::is_null(int column) const {
  return api::sqlite3_column_type(handle_->statement.get(), column) == SQLITE_NULL;
}

std::string_view Statement::bytes(int column) const {
  const auto* start = static_cast<const char*>(api::sqlite3_column_blob(handle_->statement.get(), column));
  return {start, static_cast<std::size_t>(api::sqlite3_column_bytes(handle_->statement.get(), column))};
}

std::int64_t Statement::changed() const {
  return api::sqlite3_changes(handle_->connection);
}

}  // namespace fieldline::journal

#include "agent/journal/statement.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

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

struct Statement::Handle {
  api::sqlite3* connection = nullptr;
  api::sqlite3_stmt* statement = nullptr;
};

void Statement::Close::operator()(Handle* handle) const {
  api::sqlite3_finalize(handle->statement);
  delete handle;
}

Statement::Statement(soci::session& sql, const char* text)
    : handle_(new Handle{connection_of(sql), nullptr}) {
  const int result = api::sqlite3_prepare_v3(handle_->connection, text, -1, SQLITE_PREPARE_PERSISTENT,
                                             &handle_->statement, nullptr);
  if (result != SQLITE_OK) refuse(handle_->connection, result);
}

Statement& Statement::bind(std::int64_t value) {
  api::sqlite3_bind_int64(handle_->statement, ++bound_, value);
  return *this;
}

Statement& Statement::bind(const std::optional<std::int64_t>& value) {
  if (value) return bind(*value);
  api::sqlite3_bind_null(handle_->statement, ++bound_);
  return *this;
}

Statement& Statement::text(std::string_view value) {
  api::sqlite3_bind_text64(handle_->statement, ++bound_, value.data(), value.size(), not_copied(),
                           SQLITE_UTF8);
  return *this;
}

Statement& Statement::blob(std::string_view value) {
  api::sqlite3_bind_blob64(handle_->statement, ++bound_, value.data(), value.size(), not_copied());
  return *this;
}

bool Statement::step() {
  const int result = api::sqlite3_step(handle_->statement);
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
  api::sqlite3_reset(handle_->statement);
  bound_ = 0;
}

std::int64_t Statement::integer(int column) const {
  return api::sqlite3_column_int64(handle_->statement, column);
}

bool Statement::is_null(int column) const {
  return api::sqlite3_column_type(handle_->statement, column) == SQLITE_NULL;
}

std::string_view Statement::bytes(int column) const {
  const auto* start = static_cast<const char*>(api::sqlite3_column_blob(handle_->statement, column));
  return {start, static_cast<std::size_t>(api::sqlite3_column_bytes(handle_->statement, column))};
}

std::int64_t Statement::changed() const {
  return api::sqlite3_changes(handle_->connection);
}

}  // namespace fieldline::journal

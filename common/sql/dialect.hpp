// The two languages of SQL, and the one place where a schema goes from the one to the other. Statements of
// repositories are written so that both take them as they are.
#pragma once

#include <soci/soci.h>

#include <string>
#include <string_view>

namespace fieldline::sql {

enum class Dialect { kSqlite, kPostgresql };

Dialect dialect_of(soci::session& session);

// `schema` is in SQLite's words. PostgreSQL gets its own types for INTEGER, REAL, BLOB and TEXT, the last
// in the order of bytes, as SQLite compares; STRICT and WITHOUT ROWID go. Words in quotes stay.
std::string in_words_of(Dialect dialect, std::string_view schema);

}  // namespace fieldline::sql

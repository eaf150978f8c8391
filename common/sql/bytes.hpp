// Bytes in and out of BLOB columns. SOCI binds std::string as text, which is wrong for bytes.
#pragma once

#include <soci/soci.h>

#include <string>
#include <string_view>

#include "common/sql/dialect.hpp"

namespace fieldline::sql {

// Bytes through std::string, on either kind of database: the statement names the parameter and the column
// as this says, and the string that is bound or was read is encoded as this says. PostgreSQL takes
// hexadecimal text, since SOCI would end a string at its first NUL.
class BytesColumn {
 public:
  explicit BytesColumn(soci::session& sql) : dialect_(dialect_of(sql)) {}

  // For ":bytes", the expression that stores what `bound` gave.
  [[nodiscard]] std::string parameter(std::string_view name) const;
  // For "bytes", the expression that yields what `taken` understands.
  [[nodiscard]] std::string selected(std::string_view column) const;
  [[nodiscard]] std::string bound(std::string_view bytes) const;
  [[nodiscard]] std::string taken(std::string text) const;

 private:
  Dialect dialect_;
};

// For rooms that are on SQLite only: fills `blob`, for soci::use. `bytes` may not be empty: SOCI would bind
// it as NULL.
void put_bytes(soci::blob& blob, std::string_view bytes);
// What soci::into read; empty for NULL.
std::string take_bytes(soci::blob& blob);

}  // namespace fieldline::sql

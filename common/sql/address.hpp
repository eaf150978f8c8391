// Where a database is, as people write it: "sqlite:PATH" or "postgresql://USER@HOST:PORT/NAME?OPTION=…",
// which libpq reads. Refuses an address that holds a password, and a password file that others may read.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/sql/dialect.hpp"

namespace fieldline::sql {

struct Address {
  static Result<Address> parse(std::string_view text);

  Dialect dialect = Dialect::kSqlite;
  std::string name;    // what it is called in errors and logs: as it was written, less the options
  std::string target;  // a path, or keywords and values as libpq takes them, with time-outs
};

}  // namespace fieldline::sql

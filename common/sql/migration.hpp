// Numbered, forward-only changes of a schema. Refuses a database that a newer program has changed.
#pragma once

#include <span>
#include <string_view>

#include "common/base/result.hpp"
#include "common/sql/session.hpp"

namespace fieldline::sql {

struct Migration {
  int version = 0;        // 1, 2, 3 … without a gap
  std::string_view name;  // recorded beside the version; never changes once released
  std::string_view sql;   // one or more statements, with SQLite's words for types: see dialect.hpp
};

// Applies what is missing, each migration in a transaction of its own. Who calls it is the only one who
// writes.
Result<> migrate(Session& session, std::span<const Migration> migrations);

}  // namespace fieldline::sql

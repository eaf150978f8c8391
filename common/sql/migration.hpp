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
  std::string_view sql;   // one or more statements
};

// Applies what is missing, each migration in a transaction of its own.
Result<> migrate(Session& session, std::span<const Migration> migrations);

}  // namespace fieldline::sql

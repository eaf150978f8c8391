// Hands a write to the database; a refusal to take it reaches `done` as any other outcome does,
// later and on the executor named.
#pragma once

#include <functional>
#include <utility>

#include "common/sql/database.hpp"

namespace fieldline::database {

inline void submit(sql::Database& database, sql::Database::Write write, std::function<void(Result<>)> done,
                   Executor& reply_to) {
  auto taken = database.submit(std::move(write), done, reply_to);
  if (!taken)
    reply_to.post([done = std::move(done), error = std::move(taken.error())] { done(fail(error)); });
}

}  // namespace fieldline::database

#include "common/sql/database.hpp"

#include <fmt/format.h>

#include "common/sql/tenure.hpp"

namespace fieldline::sql {

Result<> Database::submit(Write write, Done done, Executor& reply_to) {
  return enqueue_write(std::move(write), [done = std::move(done), &reply_to](Result<> outcome) {
    reply_to.post([done, outcome = std::move(outcome)] { done(outcome); });
  });
}

Result<Link> Database::open_writer(const Opening& opening, const Clock& clock) {
  auto prepare = [tenure = std::make_shared<Tenure>(), migrations = opening.migrations](Session& session) {
    auto taken = tenure->take(session);
    return taken ? migrate(session, migrations) : taken;
  };
  return Link::open(opening.connection, Access::kReadWrite, clock, std::move(prepare));
}

Failure Database::queue_full(std::string_view what, const std::string& where) {
  return fail(ErrorCode::kExhausted, fmt::format("too many {} wait for the database: try again later", what),
              where);
}

}  // namespace fieldline::sql

#include "coordinator/database/term.hpp"

namespace fieldline::database {

Result<std::uint64_t> raise_term(sql::Database& database) {
  auto raised = database.write_now([](soci::session& sql) -> Result<> {
    sql << "UPDATE coordinator SET term = term + 1";
    return {};
  });
  if (!raised) return fail(std::move(raised.error()));
  return database.read_now([](soci::session& sql) {
    long long term = 0;
    sql << "SELECT term FROM coordinator", soci::into(term);
    return static_cast<std::uint64_t>(term);
  });
}

}  // namespace fieldline::database

#include "coordinator/database/site_votes.hpp"

#include <soci/soci.h>

#include "common/lease/sql_votes.hpp"

namespace fieldline::database {

Result<std::map<std::string, lease::Vote>> SiteVotes::all() {
  return lease::SqlVotes::all(database_);
}

std::unique_ptr<lease::Votes> SiteVotes::of(const std::string& site, Executor& reply_to) {
  const auto leads = [mine = term_](soci::session& sql) -> Result<> {
    long long term = 0;
    sql << "SELECT term FROM coordinator", soci::into(term);
    if (static_cast<std::uint64_t>(term) == mine) return {};
    return fail(ErrorCode::kConflict, "another coordinator has taken the lead", "votes");
  };
  return std::make_unique<lease::SqlVotes>(database_, reply_to, site, leads);
}

}  // namespace fieldline::database

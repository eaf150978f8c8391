// Which node of each site the coordinator voted for last. Votes are written, and confirmed, only while
// this coordinator holds the term: one that was deposed votes for nobody. Answers on the executor named.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lease/votes.hpp"
#include "common/sql/database.hpp"

namespace fieldline::database {

class SiteVotes {
 public:
  // `term` has been raised for this run.
  SiteVotes(sql::Database& database, std::uint64_t term) : database_(database), term_(term) {}

  // By site. After the term was raised nobody of an older one changes them. Waits for the database.
  Result<std::map<std::string, lease::Vote>> all();
  // Both outlive it.
  std::unique_ptr<lease::Votes> of(const std::string& site, Executor& reply_to);

 private:
  sql::Database& database_;
  const std::uint64_t term_;
};

}  // namespace fieldline::database

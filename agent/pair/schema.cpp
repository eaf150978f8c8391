#include "agent/pair/schema.hpp"

#include <array>

#include "common/lease/sql_votes.hpp"

namespace fieldline::pair {
namespace {

constexpr std::array kMigrations{sql::Migration{1, "votes", lease::kVotesTable}};

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::pair

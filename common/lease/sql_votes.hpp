// A voter's vote in a table of a database, a row for each voter. Refuses a vote in an epoch that is not
// later than the one kept. Lives on the voter's loop.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lease/votes.hpp"
#include "common/sql/database.hpp"

namespace fieldline::lease {

// For the migrations of the databases that hold votes.
inline constexpr std::string_view kVotesTable = R"(
      CREATE TABLE votes (
        voter TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,
        holder TEXT NOT NULL,
        lease INTEGER NOT NULL  -- microseconds
      ) STRICT;
)";

class SqlVotes final : public Votes {
 public:
  // Fails with kConflict when another program has become the voter: looked at in the transaction that
  // writes, and for every confirmation. Nobody else can write to a node's own file, so there it is empty.
  using Authority = std::function<Result<>(soci::session&)>;

  // Both outlive it. `voter` names the row: the site at the coordinator, the node at a node.
  SqlVotes(sql::Database& database, Executor& loop, std::string voter, Authority authority = {});
  SqlVotes(const SqlVotes&) = delete;
  SqlVotes& operator=(const SqlVotes&) = delete;

  // What is on the disk, by voter; waits for it. A coordinator first raises its term: nobody of an older one
  // can write after that.
  static Result<std::map<std::string, Vote>> all(sql::Database& database);

  void keep(const Vote& vote, Done done) override;
  void confirm(Done done) override;

 private:
  // `done`, unless this is gone by then.
  [[nodiscard]] Done guarded(Done done) const;
  void fail_later(Error error, Done done);

  sql::Database& database_;
  Executor& loop_;
  const std::string voter_;
  const Authority authority_;
  const std::shared_ptr<SqlVotes*> self_;
};

}  // namespace fieldline::lease

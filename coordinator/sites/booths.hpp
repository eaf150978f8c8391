// The coordinator's votes, one voter a site: which node of a pair may be active. Gives no new vote until
// the boot hold is over, and none at all for sites that are not defined. Lives on the loop.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lease/booth.hpp"
#include "common/model/lease.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

class Booths {
 public:
  Booths(Executor& loop, database::SiteVotes& rows) : loop_(loop), rows_(rows) {}

  // Reads what was voted; waits for the database.
  Result<> load();
  // A site that is not defined any more keeps its voter, should it come back while a lease is counted.
  void define(const std::set<NodeId>& nodes);

  // Answers at once or later, on the loop.
  void ask(const NodeId& node, const VoteRequest& request, lease::Booth::Reply reply);
  void release(const NodeId& node, const LeaseRelease& release);

 private:
  struct Station {
    std::unique_ptr<lease::Votes> votes;
    std::unique_ptr<lease::Booth> booth;
  };

  Executor& loop_;
  database::SiteVotes& rows_;
  std::map<std::string, lease::Vote> kept_;  // at the start
  std::map<std::string, Station> stations_;
};

}  // namespace fieldline::sites

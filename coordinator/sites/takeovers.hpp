// Counts how often a node takes over its own live session, to notice two processes with one key. A
// plain collection.
#pragma once

#include <deque>
#include <map>

#include "common/base/time.hpp"
#include "coordinator/sites/limits.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

class Takeovers {
 public:
  // True when it has happened too often of late; the count then begins anew.
  bool add(const NodeId& node, Instant now) {
    auto& times = times_[node];
    times.push_back(now);
    while (times.front() + kContestedSpan < now) times.pop_front();
    if (times.size() < kContestedTakeovers) return false;
    times.clear();
    return true;
  }

 private:
  std::map<NodeId, std::deque<Instant>> times_;
};

}  // namespace fieldline::sites

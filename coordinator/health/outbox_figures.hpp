// The outboxes of all sites in a few figures: of each site that of the node that delivers, as it said last.
// Pure.
#pragma once

#include <cstdint>
#include <span>

#include "common/base/time.hpp"
#include "coordinator/sites/node_state.hpp"

namespace fieldline::health {

struct OutboxFigures {
  double waiting = 0;  // messages; sums of what nodes say may pass any integer
  double parked = 0;
  double bytes = 0;
  Duration oldest{};             // age of the first that waits, anywhere
  std::int64_t with_parked = 0;  // sites
  std::int64_t nearly_full = 0;  // sites with such a target, but none that is full
  std::int64_t full = 0;
};

OutboxFigures outbox_figures(std::span<const sites::NodeState> nodes, Timestamp now);

}  // namespace fieldline::health

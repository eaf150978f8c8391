#include "coordinator/health/outbox_figures.hpp"

#include <algorithm>

namespace fieldline::health {

OutboxFigures outbox_figures(std::span<const sites::NodeState> nodes, Timestamp now) {
  OutboxFigures figures;
  for (const auto& node : nodes) {
    if (!node.online || node.role != Role::kActive || !node.health || !node.health->outbox) continue;
    const auto& outbox = *node.health->outbox;
    figures.waiting += static_cast<double>(outbox.depth);
    figures.parked += static_cast<double>(outbox.parked);
    figures.bytes += static_cast<double>(outbox.bytes);
    if (outbox.oldest) figures.oldest = std::max(figures.oldest, now - std::max(*outbox.oldest, Timestamp{}));
    figures.with_parked += outbox.parked > 0 ? 1 : 0;
    figures.full += outbox.full > 0 ? 1 : 0;
    figures.nearly_full += outbox.full == 0 && outbox.nearly_full > 0 ? 1 : 0;
  }
  return figures;
}

}  // namespace fieldline::health

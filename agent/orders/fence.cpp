#include "agent/orders/fence.hpp"

#include <fmt/format.h>

#include "common/model/names.hpp"

namespace fieldline::orders {
namespace {

bool is_for_active(OrderKind kind) {
  return kind == OrderKind::kApply || kind == OrderKind::kDelete;
}

bool is_for_standby(OrderKind kind) {
  return kind == OrderKind::kHold || kind == OrderKind::kDrop;
}

bool needs_instance(OrderKind kind) {
  return kind == OrderKind::kEnable || kind == OrderKind::kDisable;
}

}  // namespace

std::optional<Refusal> refuse_role(OrderKind kind, Role role) {
  if (is_for_active(kind) && role != Role::kActive)
    return Refusal{"not-active", "this node is not the active one of its site"};
  if (is_for_standby(kind) && role != Role::kStandby)
    return Refusal{"not-standby", "this node is not the standby of its site"};
  return std::nullopt;
}

std::optional<Refusal> refuse(const Order& order, std::uint64_t term, const Seen& seen, Role role) {
  const bool of_artifacts = order.kind == OrderKind::kArtifacts;
  if (order.deployment.empty() || (of_artifacts ? !order.instance.empty() : !is_name(order.instance))) {
    return Refusal{"invalid-order", "the order names no deployment, or not the instance that it should"};
  }
  if (term < seen.term) {
    return Refusal{"stale-term",
                   fmt::format("the order is of term {}; this node has seen {}", term, seen.term)};
  }
  if (order.number < seen.number) {
    return Refusal{"stale-order", fmt::format("order {} of {} comes after order {}", order.number,
                                              of_artifacts ? "artifacts" : order.instance, seen.number)};
  }
  if (auto refusal = refuse_role(order.kind, role)) return refusal;
  if (needs_instance(order.kind) && !seen.has_instance) {
    return Refusal{"not-deployed", fmt::format("{} has no configuration here", order.instance)};
  }
  return std::nullopt;
}

}  // namespace fieldline::orders

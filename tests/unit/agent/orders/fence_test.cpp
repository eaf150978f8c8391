#include "agent/orders/fence.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::orders;

namespace {

Order order_of(OrderKind kind) {
  Order order;
  order.kind = kind;
  order.deployment = "d1";
  order.instance = "Pump7";
  order.number = 5;
  return order;
}

const Seen kSeen{7, 5, true};

std::string reason(const Order& order, std::uint64_t term, const Seen& seen, Role role) {
  const auto refusal = refuse(order, term, seen, role);
  return refusal ? refusal->reason : "";
}

}  // namespace

TEST_CASE("an order of the present term and number is obeyed, and so is a newer one") {
  auto order = order_of(OrderKind::kApply);
  CHECK(reason(order, 7, kSeen, Role::kActive).empty());
  order.number = 6;
  CHECK(reason(order, 8, kSeen, Role::kActive).empty());
}

TEST_CASE("an order of a coordinator that lost its term is refused") {
  CHECK(reason(order_of(OrderKind::kApply), 6, kSeen, Role::kActive) == "stale-term");
}

TEST_CASE("an order that was overtaken is refused") {
  auto order = order_of(OrderKind::kApply);
  order.number = 4;
  CHECK(reason(order, 7, kSeen, Role::kActive) == "stale-order");
}

TEST_CASE("a standby runs nothing and an active holds nothing") {
  CHECK(reason(order_of(OrderKind::kApply), 7, kSeen, Role::kStandby) == "not-active");
  CHECK(reason(order_of(OrderKind::kDelete), 7, kSeen, Role::kStandby) == "not-active");
  CHECK(reason(order_of(OrderKind::kHold), 7, kSeen, Role::kActive) == "not-standby");
  CHECK(reason(order_of(OrderKind::kDrop), 7, kSeen, Role::kActive) == "not-standby");
  CHECK(reason(order_of(OrderKind::kHold), 7, kSeen, Role::kStandby).empty());
}

TEST_CASE("both nodes take disable and enable, of what they have") {
  const auto kind = GENERATE(OrderKind::kDisable, OrderKind::kEnable);
  const auto role = GENERATE(Role::kActive, Role::kStandby);
  CHECK(reason(order_of(kind), 7, kSeen, role).empty());
  CHECK(reason(order_of(kind), 7, Seen{7, 5, false}, role) == "not-deployed");
}

TEST_CASE("an order without a legal instance or a deployment is refused") {
  auto order = order_of(OrderKind::kApply);
  order.instance = "../etc";
  CHECK(reason(order, 7, kSeen, Role::kActive) == "invalid-order");
  order = order_of(OrderKind::kApply);
  order.deployment.clear();
  CHECK(reason(order, 7, kSeen, Role::kActive) == "invalid-order");
}

TEST_CASE("both nodes take artifacts, which are of no instance") {
  auto order = order_of(OrderKind::kArtifacts);
  const auto role = GENERATE(Role::kActive, Role::kStandby);
  CHECK(reason(order, 7, kSeen, role) == "invalid-order");
  order.instance.clear();
  CHECK(reason(order, 7, kSeen, role).empty());
  order.number = 4;
  CHECK(reason(order, 7, kSeen, role) == "stale-order");
}

#include "coordinator/health/outbox_figures.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace fieldline::health {
namespace {

using namespace std::chrono_literals;

const Timestamp kNow{1'800'000'000s};

sites::NodeState node_with(Role role, const OutboxHealth& outbox) {
  sites::NodeState node;
  node.online = true;
  node.role = role;
  node.health.emplace();
  node.health->outbox = outbox;
  return node;
}

TEST_CASE("outboxes add up over sites, each as its active node says") {
  OutboxHealth one;
  one.depth = 3;
  one.parked = 2;
  one.bytes = 100;
  one.oldest = kNow - 5min;
  auto other = one;
  other.parked = 0;
  other.oldest = kNow - 7min;
  other.nearly_full = 1;
  auto worst = one;
  worst.full = 1;
  worst.nearly_full = 4;
  auto offline = node_with(Role::kActive, one);
  offline.online = false;
  sites::NodeState silent;
  silent.online = true;
  silent.role = Role::kActive;
  const std::vector nodes{node_with(Role::kActive, one),
                          node_with(Role::kActive, other),
                          node_with(Role::kActive, worst),
                          node_with(Role::kStandby, one),
                          offline,
                          silent};
  const auto figures = outbox_figures(nodes, kNow);
  CHECK(figures.waiting == 9);
  CHECK(figures.parked == 4);
  CHECK(figures.bytes == 300);
  CHECK(figures.oldest == 7min);
  CHECK(figures.with_parked == 2);
  CHECK(figures.nearly_full == 1);
  CHECK(figures.full == 1);
}

TEST_CASE("a message of the future has no age") {
  OutboxHealth ahead;
  ahead.oldest = kNow + 1h;
  const std::vector nodes{node_with(Role::kActive, ahead)};
  CHECK(outbox_figures(nodes, kNow).oldest == 0s);
}

TEST_CASE("figures that a node made up harm nobody") {
  OutboxHealth made_up;
  made_up.depth = made_up.bytes = std::numeric_limits<std::int64_t>::max();
  made_up.oldest = Timestamp::min();
  const std::vector nodes{node_with(Role::kActive, made_up), node_with(Role::kActive, made_up)};
  CHECK(outbox_figures(nodes, kNow).waiting > 1e19);
  CHECK(outbox_figures(nodes, kNow).oldest == kNow.time_since_epoch());
}

}  // namespace
}  // namespace fieldline::health

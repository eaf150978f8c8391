// What becomes of an order that was handed to the Communication Layer. Plain values.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "common/model/order.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

struct OrderSent {};
struct OrderAccepted {};
// The session ended; nothing is known of how far the node came. No more news follows.
struct OrderLost {
  std::string message;
};
// The end of the order; no more news follows. A Report.

using OrderNews = std::variant<OrderSent, OrderAccepted, OrderLost, Report>;

struct Dispatch {
  NodeId to;
  Order order;
  std::shared_ptr<const std::string> config;  // apply and hold: `order.size` bytes
  // Called on the loop, never from inside order().
  std::function<void(const OrderNews&)> tell;
};

}  // namespace fieldline::sites

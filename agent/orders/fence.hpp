// Which orders a node obeys, as a pure function of what it has seen: docs/protocol.md, "Orders".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/model/order.hpp"
#include "common/model/session.hpp"

namespace fieldline::orders {

// Why an order is not carried out: the `reason` and `message` of its report.
struct Refusal {
  std::string reason;
  std::string message;
};

struct Seen {
  std::uint64_t term = 0;     // the highest of any coordinator
  std::uint64_t number = 0;   // the highest for the order's instance
  bool has_instance = false;  // is a configuration of it current here?
};

// What a node of this role does not take.
std::optional<Refusal> refuse_role(OrderKind kind, Role role);

// `term` is that of the coordinator that sent the order.
std::optional<Refusal> refuse(const Order& order, std::uint64_t term, const Seen& seen, Role role);

}  // namespace fieldline::orders

#include "coordinator/sites/orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "common/base/check.hpp"
#include "common/wire/limits.hpp"
#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

void Orders::open(const NodeId& node, const Outbound::Peer& peer) {
  const auto [lane, fresh] = lanes_.emplace(node, Lane{peer, {}, {}});
  FIELDLINE_CHECK(fresh);
}

void Orders::close(const NodeId& node, const std::string& why) {
  auto closed = lanes_.extract(node);
  if (closed.empty()) return;
  for (const auto& [deployment, dispatch] : closed.mapped().in_flight) dispatch.tell(OrderLost{why});
  for (const auto& dispatch : closed.mapped().waiting) dispatch.tell(OrderLost{why});
}

Orders::Lane* Orders::lane(const NodeId& node) {
  const auto found = lanes_.find(node);
  return found == lanes_.end() ? nullptr : &found->second;
}

Result<> Orders::add(Dispatch dispatch) {
  const auto node = dispatch.to;
  auto* open = lane(node);
  if (open == nullptr) return fail(ErrorCode::kUnavailable, fmt::format("{} is not connected", node.text()));
  if (open->waiting.size() >= kMaxWaitingOrders)
    return fail(ErrorCode::kExhausted,
                fmt::format("{} orders wait for {}: try again later", kMaxWaitingOrders, node.text()));
  if (open->in_flight.contains(dispatch.order.deployment))
    return fail(ErrorCode::kConflict,
                fmt::format("{} is busy with {}", node.text(), dispatch.order.deployment));
  open->waiting.push_back(std::move(dispatch));
  pump_later(node);
  return {};
}

void Orders::withdraw(const NodeId& node, const std::string& deployment) {
  auto* open = lane(node);
  if (open == nullptr) return;
  open->in_flight.erase(deployment);
  std::erase_if(open->waiting, [&](const Dispatch& item) { return item.order.deployment == deployment; });
  pump_later(node);
}

void Orders::pump_later(const NodeId& node) {
  loop_.post([this, node] { pump(node); });
}

// Looks the lane up anew each time: whoever is told may add, withdraw or end things.
void Orders::pump(const NodeId& node) {
  for (auto* open = lane(node); open != nullptr; open = lane(node)) {
    if (open->waiting.empty() || open->in_flight.size() >= kOrderWindow) return;
    auto dispatch = std::move(open->waiting.front());
    open->waiting.pop_front();
    send(*open, dispatch);
    const auto tell = dispatch.tell;
    auto deployment = dispatch.order.deployment;
    open->in_flight.insert_or_assign(std::move(deployment), std::move(dispatch));
    tell(OrderSent{});
  }
}

void Orders::send(Lane& lane, const Dispatch& dispatch) {
  const bool inline_config = dispatch.config && dispatch.config->size() <= wire::kMaxInlineConfig;
  outbound_.send(lane.peer, dispatch.order, ++last_correlation_,
                 inline_config ? *dispatch.config : std::string());
}

Result<> Orders::accepted(const NodeId& node, const Accepted& accepted) {
  const auto* open = lane(node);
  const auto found = open->in_flight.find(accepted.deployment);
  // One that was given up may still be answered.
  if (found == open->in_flight.end()) return {};
  const auto tell = found->second.tell;
  tell(OrderAccepted{});
  return {};
}

Result<bool> Orders::reported(const NodeId& node, const Report& report) {
  auto* open = lane(node);
  const auto found = open->in_flight.find(report.deployment);
  if (found == open->in_flight.end()) return false;
  if (found->second.order.instance != report.instance)
    return fail(ErrorCode::kInvalid, "a report on another instance than was ordered");
  const auto dispatch = std::move(found->second);
  open->in_flight.erase(found);
  pump_later(node);
  dispatch.tell(report);
  return true;
}

Result<> Orders::fetch(const NodeId& node, const Fetch& fetch, std::uint64_t correlation) {
  const auto* open = lane(node);
  const auto found = open->in_flight.find(fetch.deployment);
  if (found == open->in_flight.end() || !found->second.config ||
      found->second.order.revision != fetch.revision) {
    outbound_.send(open->peer, Piece{fetch.deployment, fetch.offset, 0}, correlation);
    return {};
  }
  const auto& config = *found->second.config;
  if (fetch.offset >= config.size())
    return fail(ErrorCode::kInvalid, "a piece past the end of a configuration was asked for");
  outbound_.send(open->peer, Piece{fetch.deployment, fetch.offset, config.size()}, correlation,
                 config.substr(fetch.offset, wire::kMaxChunk));
  return {};
}

}  // namespace fieldline::sites

#include "coordinator/sites/node_book.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {

void NodeBook::define(const std::set<NodeId>& nodes) {
  std::erase_if(nodes_, [&](const auto& item) { return !nodes.contains(item.first); });
  for (const auto& node : nodes) {
    const auto [entry, fresh] = nodes_.try_emplace(node);
    if (!fresh) continue;
    entry->second.site = node.site;
    entry->second.node = node.node;
  }
}

std::ranges::subrange<NodeBook::States::const_iterator> NodeBook::nodes_of(const std::string& site) const {
  const auto first = nodes_.lower_bound({site, {}});
  const auto last =
      std::find_if(first, nodes_.end(), [&](const auto& item) { return item.first.site != site; });
  return {first, last};
}

void NodeBook::came(const NodeId& node, const Hello& hello) {
  auto& state = nodes_.at(node);
  const bool changed = state.role && *state.role != hello.role;
  state.online = true;
  state.since = clock_.utc();
  state.role = hello.role;
  state.epoch = hello.epoch;
  state.phase.reset();
  state.software = hello.software.substr(0, kMaxSoftware);
  spdlog::info("{} is online as {}, epoch {}", node.text(), name(hello.role), hello.epoch);
  tell(NodeEventKind::kOnline, node, {}, fmt::format("online as {}", name(hello.role)));
  if (changed) tell(NodeEventKind::kRole, node, {}, fmt::format("is {} now", name(hello.role)));
}

void NodeBook::went(const NodeId& node, std::string code, std::string message) {
  spdlog::warn("{} is offline: {}", node.text(), message);
  if (const auto found = nodes_.find(node); found != nodes_.end()) {
    found->second.online = false;
    found->second.since = clock_.utc();
  }
  tell(NodeEventKind::kOffline, node, std::move(code), std::move(message));
}

void NodeBook::changed(const NodeId& node, const RoleChange& change) {
  auto& state = nodes_.at(node);
  const bool other = state.role != change.role;
  state.role = change.role;
  state.epoch = change.epoch;
  state.phase = change.phase;
  spdlog::info("{} is {} now, epoch {}", node.text(), name(change.phase), change.epoch);
  if (other) tell(NodeEventKind::kRole, node, {}, fmt::format("is {} now", name(change.role)));
}

void NodeBook::reported(const NodeId& node, NodeHealth health) {
  auto& state = nodes_.at(node);
  state.health = std::move(health);
  state.health_time = clock_.utc();
  tell(NodeEventKind::kHealth, node, {}, {});
}

void NodeBook::warn(const NodeId& node, std::string code, std::string message) {
  spdlog::warn("{}: {}", node.text(), message);
  tell(NodeEventKind::kWarning, node, std::move(code), std::move(message));
}

void NodeBook::knocked(const std::string& fingerprint, const std::string& address) {
  spdlog::info("the unknown key {} knocked from {}", fingerprint, address);
  tell(NodeEventKind::kPending, {}, {},
       fmt::format("the unknown key {} knocked from {}", fingerprint, address));
}

void NodeBook::tell(NodeEventKind kind, const NodeId& node, std::string code, std::string message) {
  const NodeEvent event{std::move(code), kind, std::move(message), node.node, node.site, clock_.utc()};
  for (const auto& listener : listeners_) listener(event);
}

}  // namespace fieldline::sites

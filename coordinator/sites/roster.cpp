#include "coordinator/sites/roster.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace fieldline::sites {

std::optional<Session> Roster::open(Session session) {
  auto replaced = close(session.node);
  by_peer_.insert_or_assign(session.peer, session.node);
  auto node = session.node;
  sessions_.emplace(std::move(node), std::move(session));
  return replaced;
}

std::optional<Session> Roster::close(const NodeId& node) {
  auto closed = sessions_.extract(node);
  if (closed.empty()) return std::nullopt;
  by_peer_.erase(closed.mapped().peer);
  return std::move(closed.mapped());
}

Session* Roster::find(const NodeId& node) {
  const auto found = sessions_.find(node);
  return found == sessions_.end() ? nullptr : &found->second;
}

const Session* Roster::find(const NodeId& node) const {
  const auto found = sessions_.find(node);
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* Roster::of_peer(const net::Router::Peer& peer) {
  const auto found = by_peer_.find(peer);
  return found == by_peer_.end() ? nullptr : find(found->second);
}

std::vector<const Session*> Roster::of_site(const std::string& site) const {
  std::vector<const Session*> found;
  for (auto at = sessions_.lower_bound({site, {}}); at != sessions_.end() && at->first.site == site; ++at) {
    found.push_back(&at->second);
  }
  return found;
}

bool Roster::any(const std::string& site) const {
  return !of_site(site).empty();
}

const Session* Roster::active(const std::string& site) const {
  const Session* best = nullptr;
  for (const auto* session : of_site(site)) {
    if (session->role != Role::kActive) continue;
    if (best == nullptr || std::tuple(session->epoch, best->began) > std::tuple(best->epoch, session->began))
      best = session;
  }
  return best;
}

const Session* Roster::standby(const std::string& site) const {
  const auto sessions = of_site(site);
  const auto found = std::find_if(sessions.begin(), sessions.end(),
                                  [](const Session* session) { return session->role == Role::kStandby; });
  return found == sessions.end() ? nullptr : *found;
}

bool Roster::two_active(const std::string& site) const {
  const auto sessions = of_site(site);
  return std::count_if(sessions.begin(), sessions.end(),
                       [](const Session* session) { return session->role == Role::kActive; }) > 1;
}

std::vector<NodeId> Roster::silent(Instant since) const {
  std::vector<NodeId> nodes;
  for (const auto& [node, session] : sessions_) {
    if (session.heard < since) nodes.push_back(node);
  }
  return nodes;
}

}  // namespace fieldline::sites

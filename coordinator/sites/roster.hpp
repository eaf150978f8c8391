// Who is connected. One session per node: the newest HELLO of an identity wins. A plain collection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/session.hpp"
#include "common/net/router.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

struct Session {
  NodeId node;
  net::Router::Peer peer;
  std::string key;  // of CURVE, Z85
  Role role = Role::kStandby;
  std::uint64_t epoch = 0;
  Instant began{};
  Instant heard{};  // of the latest message
};

class Roster {
 public:
  // Gives the session that it replaces.
  std::optional<Session> open(Session session);
  std::optional<Session> close(const NodeId& node);

  // Null: no session. Pointers hold until the next open or close.
  [[nodiscard]] Session* find(const NodeId& node);
  [[nodiscard]] const Session* find(const NodeId& node) const;
  [[nodiscard]] Session* of_peer(const net::Router::Peer& peer);

  [[nodiscard]] bool any(const std::string& site) const;
  // Where two claim to be active: the newest epoch, then the one that has been there longer.
  [[nodiscard]] const Session* active(const std::string& site) const;
  // Null also while two nodes of the site claim to be active.
  [[nodiscard]] const Session* standby(const std::string& site) const;
  [[nodiscard]] bool two_active(const std::string& site) const;
  // Those not heard of since `since`.
  [[nodiscard]] std::vector<NodeId> silent(Instant since) const;

 private:
  [[nodiscard]] std::vector<const Session*> of_site(const std::string& site) const;

  std::map<NodeId, Session> sessions_;
  std::unordered_map<net::Router::Peer, NodeId> by_peer_;
};

}  // namespace fieldline::sites

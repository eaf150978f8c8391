// What central knows of a node at this moment, and what it tells when that changes. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/session.hpp"
#include "common/model/status.hpp"

namespace fieldline::sites {

struct NodeState {
  std::uint64_t epoch = 0;
  std::string fingerprint;           // of its accepted key; empty: none is accepted
  std::optional<NodeHealth> health;  // the last that it sent since the coordinator started
  std::optional<Timestamp> health_time;
  std::uint64_t malformed = 0;  // messages dropped since the coordinator started
  std::string node;
  bool online = false;
  std::optional<NodePhase> phase;  // as it said last since it came; not in `fields`, for its health has it
  std::optional<Role> role;        // as it said last
  std::optional<Timestamp> since;  // of `online`; absent: not seen since the coordinator started
  std::string site;
  std::string software;

  static constexpr auto fields = fields_in_order(
      required("epoch", &NodeState::epoch), required("fingerprint", &NodeState::fingerprint),
      defaulted("health", &NodeState::health), defaulted("health_time", &NodeState::health_time),
      required("malformed", &NodeState::malformed), required("node", &NodeState::node),
      required("online", &NodeState::online), defaulted("role", &NodeState::role),
      defaulted("since", &NodeState::since), required("site", &NodeState::site),
      required("software", &NodeState::software));
  friend bool operator==(const NodeState&, const NodeState&) = default;
};

// A key that knocked and is accepted for no node.
struct PendingKey {
  std::string address;
  std::int64_t count = 0;
  std::string fingerprint;  // 16 hex digits, for two people to compare
  Timestamp first_seen{};
  Timestamp last_seen{};
  std::string public_key;  // Z85

  static constexpr auto fields = fields_in_order(
      required("address", &PendingKey::address), required("count", &PendingKey::count),
      required("fingerprint", &PendingKey::fingerprint), required("first_seen", &PendingKey::first_seen),
      required("last_seen", &PendingKey::last_seen), required("public_key", &PendingKey::public_key));
  friend bool operator==(const PendingKey&, const PendingKey&) = default;
};

enum class NodeEventKind { kOnline, kOffline, kRole, kHealth, kPending, kWarning };

}  // namespace fieldline::sites

template <>
inline constexpr std::array fieldline::kEnumNames<fieldline::sites::NodeEventKind> =
    std::to_array<std::string_view>({"online", "offline", "role", "health", "pending", "warning"});

namespace fieldline::sites {

struct NodeEvent {
  std::string code;  // of a warning: "two-active", "contested-identity"; of offline: why, "silent" …
  NodeEventKind kind = NodeEventKind::kOnline;
  std::string message;
  std::string node;  // empty: pending
  std::string site;
  Timestamp time{};

  static constexpr auto fields =
      fields_in_order(defaulted("code", &NodeEvent::code), required("kind", &NodeEvent::kind),
                      required("message", &NodeEvent::message), required("node", &NodeEvent::node),
                      required("site", &NodeEvent::site), required("time", &NodeEvent::time));
  friend bool operator==(const NodeEvent&, const NodeEvent&) = default;
};

}  // namespace fieldline::sites

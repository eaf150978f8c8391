// The present state of what runs at a site: values, alarms, health.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/lease.hpp"
#include "common/model/outbox.hpp"
#include "common/model/session.hpp"
#include "common/model/value.hpp"

namespace fieldline {

struct AttributeValue {
  std::string name;
  Sample sample;

  static constexpr auto fields =
      fields_in_order(required("name", &AttributeValue::name), required("sample", &AttributeValue::sample));
  friend bool operator==(const AttributeValue&, const AttributeValue&) = default;
};

struct ValuesQuery {
  std::string cursor;
  std::string instance;

  static constexpr auto fields = fields_in_order(defaulted("cursor", &ValuesQuery::cursor),
                                                 required("instance", &ValuesQuery::instance));
  friend bool operator==(const ValuesQuery&, const ValuesQuery&) = default;
};

struct ValuesPage {
  bool found = false;  // false: no such instance runs here
  std::string next;
  std::vector<AttributeValue> values;

  static constexpr auto fields =
      fields_in_order(required("found", &ValuesPage::found), defaulted("next", &ValuesPage::next),
                      required("values", &ValuesPage::values));
  friend bool operator==(const ValuesPage&, const ValuesPage&) = default;
};

// One condition of ISA-18.2 / OPC UA Part 9, its bits independent of each other.
struct AlarmStatus {
  bool acked = true;
  bool active = false;
  std::string alarm;
  std::string instance;
  bool latched = false;  // inactive again, but held for acknowledgement
  std::string level;     // limits: "hihi", "hi", "lo", "lolo"; empty when inactive
  std::string message;
  std::string occurrence;  // id of this activation; an acknowledgement names it
  int priority = 0;
  std::optional<Timestamp> since;  // of the last change of `active` or `level`
  Value value;                     // of the attribute, at that change

  static constexpr auto fields = fields_in_order(
      required("acked", &AlarmStatus::acked), required("active", &AlarmStatus::active),
      required("alarm", &AlarmStatus::alarm), required("instance", &AlarmStatus::instance),
      defaulted("latched", &AlarmStatus::latched), defaulted("level", &AlarmStatus::level),
      defaulted("message", &AlarmStatus::message), defaulted("occurrence", &AlarmStatus::occurrence),
      defaulted("priority", &AlarmStatus::priority), defaulted("since", &AlarmStatus::since),
      defaulted("value", &AlarmStatus::value));
  friend bool operator==(const AlarmStatus&, const AlarmStatus&) = default;
};

// Alarms that are active, latched or unacknowledged, sorted by instance and alarm.
struct AlarmsQuery {
  std::string cursor;

  static constexpr auto fields = fields_in_order(defaulted("cursor", &AlarmsQuery::cursor));
  friend bool operator==(const AlarmsQuery&, const AlarmsQuery&) = default;
};

struct AlarmsPage {
  std::vector<AlarmStatus> alarms;
  std::string next;

  static constexpr auto fields =
      fields_in_order(required("alarms", &AlarmsPage::alarms), defaulted("next", &AlarmsPage::next));
  friend bool operator==(const AlarmsPage&, const AlarmsPage&) = default;
};

struct ConnectionHealth {
  bool connected = false;
  std::string error;  // of the last failure; empty when connected
  std::string name;

  static constexpr auto fields = fields_in_order(required("connected", &ConnectionHealth::connected),
                                                 defaulted("error", &ConnectionHealth::error),
                                                 required("name", &ConnectionHealth::name));
  friend bool operator==(const ConnectionHealth&, const ConnectionHealth&) = default;
};

// The other node of a pair as this one hears it.
struct PeerHealth {
  bool connected = false;  // heard within a lease
  std::string node;
  std::optional<NodePhase> phase;  // while it is connected

  static constexpr auto fields =
      fields_in_order(required("connected", &PeerHealth::connected), required("node", &PeerHealth::node),
                      defaulted("phase", &PeerHealth::phase));
  friend bool operator==(const PeerHealth&, const PeerHealth&) = default;
};

// How the journals of a pair are kept alike, as one of its nodes sees it.
enum class ReplicationState {
  kFed,        // this node is active, and the other one follows it
  kFollowing,  // this node follows the active one
  kResyncing,  // it fetches what it missed
  kUnheard,    // this node is active, and the other one is not heard to follow
  kWaiting,    // it hears no active node
};
template <>
inline constexpr std::array kEnumNames<ReplicationState> =
    std::to_array<std::string_view>({"fed", "following", "resyncing", "unheard", "waiting"});

struct ReplicationHealth {
  std::optional<Duration> lag;           // how long the standby has lacked something
  std::optional<std::int64_t> lag_rows;  // how many records; absent: not known
  ReplicationState state = ReplicationState::kWaiting;

  static constexpr auto fields = fields_in_order(defaulted("lag", &ReplicationHealth::lag),
                                                 defaulted("lag_rows", &ReplicationHealth::lag_rows),
                                                 required("state", &ReplicationHealth::state));
  friend bool operator==(const ReplicationHealth&, const ReplicationHealth&) = default;
};

// What a node that took over may lack: all that the other one kept after `after`.
struct LossWindow {
  JournalPosition after;
  std::uint64_t epoch = 0;           // in which it became active
  bool lost = false;                 // the other one came back, and its disk does not have that any more
  std::optional<std::int64_t> rows;  // at least so many, of the journal; absent: nothing is known of them
  std::optional<Timestamp> since;  // what the other one kept before is here; absent: nothing is known of that

  static constexpr auto fields =
      fields_in_order(required("after", &LossWindow::after), required("epoch", &LossWindow::epoch),
                      defaulted("lost", &LossWindow::lost), defaulted("rows", &LossWindow::rows),
                      defaulted("since", &LossWindow::since));
  friend bool operator==(const LossWindow&, const LossWindow&) = default;
};

// What a node says of itself every few seconds.
struct NodeHealth {
  std::int64_t active_alarms = 0;
  std::vector<ConnectionHealth> connections;
  std::int64_t disk_free = 0;  // bytes, where the node keeps its state
  std::uint64_t epoch = 0;     // in which it is active, or was last; 0: never
  bool held_back = false;      // nobody is active, and it lacks too much to take over: a strict site
  std::int64_t instances = 0;
  std::optional<Duration> lease;          // what is left of it; absent: it has none, or needs none
  std::optional<LossWindow> loss_window;  // while it is active
  std::int64_t memory = 0;                // bytes resident
  std::optional<OutboxHealth> outbox;
  std::optional<PeerHealth> peer;  // absent: it has no line to one
  std::optional<NodePhase> phase;
  std::optional<ReplicationHealth> replication;  // absent: it has no line to a peer
  Role role = Role::kStandby;
  std::int64_t script_errors = 0;  // since start
  std::optional<Timestamp> since;  // of `phase`
  std::int64_t tags_bad = 0;       // addressed attributes by quality
  std::int64_t tags_good = 0;
  std::int64_t tags_uncertain = 0;
  Duration uptime{};

  static constexpr auto fields = fields_in_order(
      defaulted("active_alarms", &NodeHealth::active_alarms),
      defaulted("connections", &NodeHealth::connections), defaulted("disk_free", &NodeHealth::disk_free),
      defaulted("epoch", &NodeHealth::epoch), defaulted("held_back", &NodeHealth::held_back),
      defaulted("instances", &NodeHealth::instances), defaulted("lease", &NodeHealth::lease),
      defaulted("loss_window", &NodeHealth::loss_window), defaulted("memory", &NodeHealth::memory),
      defaulted("outbox", &NodeHealth::outbox), defaulted("peer", &NodeHealth::peer),
      defaulted("phase", &NodeHealth::phase), defaulted("replication", &NodeHealth::replication),
      required("role", &NodeHealth::role), defaulted("script_errors", &NodeHealth::script_errors),
      defaulted("since", &NodeHealth::since), defaulted("tags_bad", &NodeHealth::tags_bad),
      defaulted("tags_good", &NodeHealth::tags_good),
      defaulted("tags_uncertain", &NodeHealth::tags_uncertain), required("uptime", &NodeHealth::uptime));
  friend bool operator==(const NodeHealth&, const NodeHealth&) = default;
};

}  // namespace fieldline

#include "agent/settings.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <utility>

#include "common/base/check.hpp"
#include "common/lease/timers.hpp"
#include "common/model/names.hpp"

namespace fieldline::agent {
namespace {

Result<> check_names(const Settings& settings) {
  for (const auto& [key, value] : {std::pair{"site", settings.site}, std::pair{"node", settings.node}}) {
    if (!is_name(value)) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("'{}' is not a name: a letter, then up to 63 letters, digits, _ or -", value),
                  key);
    }
  }
  return {};
}

Result<> naming_the_key(Result<> checked) {
  if (checked) return checked;
  auto& error = checked.error();
  error.message = fmt::format("{}: {}", error.where, error.message);
  return checked;
}

constexpr std::uint16_t kLastPort = 65535;

// 0, any free one, stays so.
settings::Endpoint one_higher(settings::Endpoint endpoint) {
  if (endpoint.port != 0) ++endpoint.port;
  return endpoint;
}

Result<> check_stream(const Settings& settings) {
  const auto highest = [](const settings::Endpoint& endpoint) { return endpoint.port == kLastPort; };
  if (!settings.stream_listen && highest(settings.peer_listen))
    return fail(ErrorCode::kInvalid, "there is no port above pair.listen: say one", "pair.stream_listen");
  if (!settings.stream_endpoint && highest(*settings.peer_endpoint))
    return fail(ErrorCode::kInvalid, "there is no port above pair.peer_endpoint: say one",
                "pair.stream_endpoint");
  return {};
}

Result<> check_peer(const Settings& settings) {
  const auto& pair = settings.pair;
  const auto& peer = pair.peer;
  if (peer.empty()) {
    if (settings.peer_endpoint)
      return fail(ErrorCode::kInvalid, "an endpoint of a peer, and pair.peer does not name it", "pair.peer");
    for (const auto& [key, set] :
         {std::pair{"pair.preferred", pair.preferred}, std::pair{"pair.strict", pair.strict},
          std::pair{"pair.lone_survivor", pair.lone_survivor}}) {
      if (set) return fail(ErrorCode::kInvalid, "only for a node with a peer: set pair.peer", key);
    }
  } else if (!is_name(peer)) {
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not a name of a node", peer), "pair.peer");
  } else if (!settings.peer_endpoint) {
    return fail(ErrorCode::kInvalid, fmt::format("where {} listens for this node", peer),
                "pair.peer_endpoint");
  } else if (auto checked = check_stream(settings); !checked) {
    return checked;
  }
  return fieldline::pair::check(pair_settings(settings));
}

void add_pair(settings::Table<Settings>& table) {
  table.add(
      "pair.peer", [](Settings& s) -> std::string& { return s.pair.peer; },
      "The name of the site's other node; empty when it has none.");
  table.add("pair.peer_endpoint", &Settings::peer_endpoint, "Where the peer listens for this node.");
  table.add("pair.peer_key_file", &Settings::peer_key,
            "File with the peer's public key: a copy of node.pub from its state directory.");
  table.add("pair.listen", &Settings::peer_listen, "Where to listen for the peer.");
  table.add("pair.stream_endpoint", &Settings::stream_endpoint,
            "Where the peer streams its journal; not set: one port above pair.peer_endpoint.");
  table.add("pair.stream_listen", &Settings::stream_listen,
            "Where to stream the journal to the peer; not set: one port above pair.listen.");
  table
      .add("pair.resync_rate", &Settings::resync_rate,
           "Bytes a second of what the peer missed and fetches, so that the line has room for the rest.")
      .range(64 << 10, std::int64_t{1} << 40);
  table.add(
      "pair.preferred", [](Settings& s) -> bool& { return s.pair.preferred; },
      "Becomes active first when both nodes start and hold the same. Set it at one of them.");
  table
      .add(
          "pair.renew", [](Settings& s) -> Duration& { return s.pair.timers.renew; },
          "How often the active node has its lease renewed; at least three times a lease.")
      .range(std::chrono::milliseconds(100), std::chrono::seconds(40));
  table
      .add(
          "pair.lease", [](Settings& s) -> Duration& { return s.pair.timers.lease; },
          "How long a lease is. When an active node dies the other one takes over a little later than this.")
      .range(std::chrono::milliseconds(500), lease::kLongestLease);
  table
      .add(
          "pair.drain_limit", [](Settings& s) -> Duration& { return s.pair.drain_limit; },
          "How long a planned switch waits for deliveries in flight; then it is given up.")
      .range(std::chrono::seconds(1), std::chrono::hours(1));
  table.add(
      "pair.strict", [](Settings& s) -> bool& { return s.pair.strict; },
      "Rather no active node than one that is known to lack what the other one kept.");
  table.add(
      "pair.lone_survivor", [](Settings& s) -> bool& { return s.pair.lone_survivor; },
      "Becomes active when neither peer nor coordinator is heard. Two nodes that are cut off from each other "
      "and from the coordinator are then both active.");
  table
      .add(
          "pair.lone_after", [](Settings& s) -> Duration& { return s.pair.lone_after; },
          "With pair.lone_survivor: after this long a silence.")
      .range(std::chrono::seconds(1), std::chrono::hours(24));
}

}  // namespace

settings::Endpoint stream_listen(const Settings& settings) {
  return settings.stream_listen.value_or(one_higher(settings.peer_listen));
}

settings::Endpoint stream_endpoint(const Settings& settings) {
  return settings.stream_endpoint.value_or(one_higher(settings.peer_endpoint.value_or(settings::Endpoint{})));
}

pair::Settings pair_settings(const Settings& settings) {
  auto pair = settings.pair;
  pair.node = settings.node;
  pair.control = settings.role;
  return pair;
}

settings::Table<Settings> settings_table() {
  settings::Table<Settings> table({"fieldline-agent", "Runs the instances of one node of a site.",
                                   FIELDLINE_VERSION, "/etc/fieldline/agent.yaml"});
  table.add("site", &Settings::site, "The site that this node belongs to.").required();
  table.add("node", &Settings::node, "The name of this node within its site.").required();
  table.add("role", &Settings::role,
            "automatic: the nodes and the coordinator settle which node runs the site's instances; a node "
            "without a peer does. active, standby: it does or doesn't because you say so, and nobody is "
            "asked. Never set two nodes of a site active.");
  table.add("coordinator.endpoint", &Settings::coordinator, "Where the coordinator listens for nodes.");
  table.add("coordinator.key_file", &Settings::coordinator_key,
            "File with the coordinator's public key: a copy of coordinator.pub from its state directory.");
  table.add("state", &Settings::state,
            "Directory for this node's key, configurations, messages and event log; made when missing.");
  table
      .add(
          "events.retention", [](Settings& s) -> Duration& { return s.retention.age; },
          "How long the site event log keeps events.")
      .range(std::chrono::hours(1), std::chrono::hours(24 * 3650));
  table
      .add(
          "events.max_bytes", [](Settings& s) -> std::int64_t& { return s.retention.bytes; },
          "How large the site event log may grow; the oldest events go first.")
      .range(1 << 20, std::int64_t{1} << 40);
  table
      .add(
          "events.purge_at", [](Settings& s) -> Duration& { return s.retention.purge_at; },
          "Time of day, UTC, of the daily purge, counted from midnight.")
      .range(Duration::zero(), std::chrono::hours(24));
  table
      .add(
          "outbox.max_bytes", [](Settings& s) -> std::int64_t& { return s.outbox.bytes; },
          "What one target may have waiting and parked at this node.")
      .range(1 << 20, std::int64_t{1} << 40);
  table
      .add(
          "outbox.max_age", [](Settings& s) -> Duration& { return s.outbox.age; },
          "How old the first message that waits for a target may become before it takes no more.")
      .range(std::chrono::minutes(1), std::chrono::hours(24 * 3650));
  table.add(
      "outbox.drop_oldest", [](Settings& s) -> bool& { return s.outbox.drop_oldest; },
      "A target that is full loses its oldest messages; else scripts are refused new ones.");
  table.add("threads", &Settings::threads, "Threads that run instances.").range(1, 64);
  add_pair(table);
  table.add("log.level", &Settings::log_level, "The least severe that is logged.");
  table.check([](const Settings& settings) { return naming_the_key(check_names(settings)); });
  table.check([](const Settings& settings) { return naming_the_key(check_peer(settings)); });
  return table;
}

}  // namespace fieldline::agent

namespace fieldline::settings {
namespace {

constexpr std::array kControls{std::pair{pair::Control::kAutomatic, "automatic"},
                               std::pair{pair::Control::kFixedActive, "active"},
                               std::pair{pair::Control::kFixedStandby, "standby"}};

}  // namespace

Result<pair::Control> Text<pair::Control>::parse(std::string_view text) {
  for (const auto& [control, name] : kControls) {
    if (text == name) return control;
  }
  return fail(ErrorCode::kInvalid, fmt::format("'{}' is none of {}", text, kKind));
}

std::string Text<pair::Control>::print(pair::Control control) {
  for (const auto& [known, name] : kControls) {
    if (control == known) return name;
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace fieldline::settings

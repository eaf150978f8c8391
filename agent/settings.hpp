// What ops can set on an agent: the one table behind its file, flags, --help and --sample.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "agent/events/event_log.hpp"
#include "agent/outbox/outbox.hpp"
#include "agent/pair/settings.hpp"
#include "common/settings/endpoint.hpp"
#include "common/settings/log_level.hpp"
#include "common/settings/table.hpp"

namespace fieldline::agent {

struct Settings {
  std::string site;
  std::string node;
  pair::Control role = pair::Control::kAutomatic;
  settings::Endpoint coordinator{"127.0.0.1", 7400};
  std::filesystem::path coordinator_key = "/etc/fieldline/coordinator.pub";
  std::filesystem::path state = "/var/lib/fieldline-agent";
  pair::Settings pair;  // but for `node` and `control`, which are above
  settings::Endpoint peer_listen{"0.0.0.0", 7401};
  std::optional<settings::Endpoint> peer_endpoint;
  std::optional<settings::Endpoint> stream_listen;    // absent: as peer_listen, one port higher
  std::optional<settings::Endpoint> stream_endpoint;  // absent: as peer_endpoint, one port higher
  std::int64_t resync_rate = std::int64_t{8} << 20;   // bytes a second
  std::filesystem::path peer_key = "/etc/fieldline/peer.pub";
  events::Retention retention;
  outbox::Caps outbox;
  int threads = 2;
  settings::LogLevel log_level = settings::LogLevel::kInfo;
};

settings::Table<Settings> settings_table();

// Where this node streams its journal, and where its peer does.
settings::Endpoint stream_listen(const Settings& settings);
settings::Endpoint stream_endpoint(const Settings& settings);
// How the node takes part in its pair.
pair::Settings pair_settings(const Settings& settings);

}  // namespace fieldline::agent

template <>
struct fieldline::settings::Text<fieldline::pair::Control> {
  static constexpr std::string_view kKind = "automatic, active or standby";
  static Result<fieldline::pair::Control> parse(std::string_view text);
  static std::string print(fieldline::pair::Control control);
};

// What ops can set on an agent: the one table behind its file, flags, --help and --sample.
#pragma once

#include <filesystem>
#include <string>

#include "agent/events/event_log.hpp"
#include "agent/outbox/outbox.hpp"
#include "common/model/session.hpp"
#include "common/settings/endpoint.hpp"
#include "common/settings/log_level.hpp"
#include "common/settings/table.hpp"

namespace fieldline::agent {

struct Settings {
  std::string site;
  std::string node;
  Role role = Role::kStandby;
  settings::Endpoint coordinator{"127.0.0.1", 7400};
  std::filesystem::path coordinator_key = "/etc/fieldline/coordinator.pub";
  std::filesystem::path state = "/var/lib/fieldline-agent";
  events::Retention retention;
  outbox::Caps outbox;
  int threads = 2;
  settings::LogLevel log_level = settings::LogLevel::kInfo;
};

settings::Table<Settings> settings_table();

}  // namespace fieldline::agent

template <>
struct fieldline::settings::Text<fieldline::Role> {
  static constexpr std::string_view kKind = "active or standby";
  static Result<Role> parse(std::string_view text) {
    if (const auto role = parse_enum<Role>(text)) return *role;
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is neither active nor standby", text));
  }
  static std::string print(Role role) { return std::string(name(role)); }
};

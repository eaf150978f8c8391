// What ops can set on the coordinator: the one table behind its file, flags, --help and --sample.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "common/base/time.hpp"
#include "common/settings/endpoint.hpp"
#include "common/settings/log_level.hpp"
#include "common/settings/table.hpp"
#include "coordinator/security/passwords.hpp"

namespace fieldline::coordinator {

struct Settings {
  settings::Endpoint http{"127.0.0.1", 7480};
  settings::Endpoint nodes{"0.0.0.0", 7400};
  std::filesystem::path state = "/var/lib/fieldline-coordinator";
  std::string database = "sqlite:coordinator.db";  // an sql::Address; a path may be relative to `state`
  std::filesystem::path audit_key = "audit.key";
  Duration silence_limit = std::chrono::seconds(10);
  Duration ping_interval = std::chrono::seconds(2);
  Duration health_interval = std::chrono::seconds(5);
  Duration deployment_deadline = std::chrono::seconds(60);
  std::filesystem::path secrets_key = "secrets.key";  // a relative one is inside of `state`
  std::optional<std::filesystem::path> tls_certificate;
  std::optional<std::filesystem::path> tls_key;
  bool plaintext = false;
  int max_nodes = 10'000;
  settings::LogLevel log_level = settings::LogLevel::kInfo;
  security::Passwords::Cost password_cost;  // not for ops: tests have less time
};

settings::Table<Settings> settings_table();

// The sql::Address of the database; a path is taken from the state directory.
std::string database_address(const Settings& settings);
// Where the key of the audit log is.
std::filesystem::path audit_key_file(const Settings& settings);

}  // namespace fieldline::coordinator

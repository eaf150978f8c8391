// What scripts of all sites share, as a site takes it: shared scripts, external systems, databases,
// mail. Each is known by its key, "external-systems/erp"; its revision is the BLAKE2b-256 of its
// canonical bytes (common/wire). Some hold secrets: never into a log, an event or a message for people.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline {

// In the order of Artifact's alternatives; named as in keys and paths.
enum class ArtifactKind {
  kSharedScript,
  kExternalSystem,
  kDatabaseConnection,
  kSmtpSettings,
  kNotificationList
};
template <>
inline constexpr std::array kEnumNames<ArtifactKind> = std::to_array<std::string_view>(
    {"shared-scripts", "external-systems", "database-connections", "smtp-settings", "notification-lists"});

struct ArtifactName {
  ArtifactKind kind = ArtifactKind::kSharedScript;
  std::string name{};

  friend auto operator<=>(const ArtifactName&, const ArtifactName&) = default;
};
// "external-systems/erp".
std::string artifact_key(ArtifactKind kind, std::string_view name);
std::optional<ArtifactName> parse_artifact_key(std::string_view key);
// Kept encrypted at rest.
bool holds_secrets(ArtifactKind kind);

// A Lua module: scripts read what it returns as shared.<name>.
struct SharedScript {
  std::string source{};

  static constexpr auto fields = fields_in_order(required("source", &SharedScript::source));
  friend bool operator==(const SharedScript&, const SharedScript&) = default;
};

enum class AuthKind { kBasic, kBearer, kHeader, kNone };
template <>
inline constexpr std::array kEnumNames<AuthKind> = std::to_array<std::string_view>({"basic", "bearer",
                                                                                    "header", "none"});

// How an external system knows who calls.
struct ExternalAuth {
  AuthKind kind = AuthKind::kNone;
  std::string name{};    // header: of the header
  std::string secret{};  // basic: the password; bearer: the token; header: its value
  std::string user{};    // basic

  static constexpr auto fields =
      fields_in_order(required("kind", &ExternalAuth::kind), defaulted("name", &ExternalAuth::name),
                      defaulted("secret", &ExternalAuth::secret), defaulted("user", &ExternalAuth::user));
  friend bool operator==(const ExternalAuth&, const ExternalAuth&) = default;
};

// An HTTP service that scripts call, or send to by store and forward.
struct ExternalSystem {
  ExternalAuth auth{};
  std::string base_url{};
  std::map<std::string, std::string> headers{};  // sent with each request
  // True: what can't be delivered blocks what follows, instead of being parked. Else absent, so that what
  // came before this field has the bytes that it had.
  std::optional<bool> ordered{};
  Duration retry_interval = std::chrono::seconds(30);
  std::int64_t retry_limit = 10;  // retries before what is sent is parked
  std::string salt{};             // so that nobody guesses the secret by its revision; of central
  Duration timeout = std::chrono::seconds(30);  // of one request

  static constexpr auto fields = fields_in_order(
      defaulted("auth", &ExternalSystem::auth), required("base_url", &ExternalSystem::base_url),
      defaulted("headers", &ExternalSystem::headers), defaulted("ordered", &ExternalSystem::ordered),
      defaulted("retry_interval", &ExternalSystem::retry_interval),
      defaulted("retry_limit", &ExternalSystem::retry_limit), defaulted("salt", &ExternalSystem::salt),
      defaulted("timeout", &ExternalSystem::timeout));
  friend bool operator==(const ExternalSystem&, const ExternalSystem&) = default;
};

enum class DatabaseBackend { kPostgresql, kSqlite };
template <>
inline constexpr std::array kEnumNames<DatabaseBackend> = std::to_array<std::string_view>({"postgresql",
                                                                                           "sqlite"});

struct DatabaseConnection {
  DatabaseBackend backend = DatabaseBackend::kPostgresql;
  std::string database{};         // PostgreSQL: its name; SQLite: the path of its file at the site
  std::string host{};             // PostgreSQL only, as are port, user and password
  std::optional<bool> ordered{};  // as of an external system
  std::string password{};
  std::int64_t port = 5432;
  std::string salt{};
  std::string user{};  // empty: that of the daemon

  static constexpr auto fields = fields_in_order(
      required("backend", &DatabaseConnection::backend), required("database", &DatabaseConnection::database),
      defaulted("host", &DatabaseConnection::host), defaulted("ordered", &DatabaseConnection::ordered),
      defaulted("password", &DatabaseConnection::password), defaulted("port", &DatabaseConnection::port),
      defaulted("salt", &DatabaseConnection::salt), defaulted("user", &DatabaseConnection::user));
  friend bool operator==(const DatabaseConnection&, const DatabaseConnection&) = default;
};

// The server that mail leaves by.
struct SmtpSettings {
  std::string host{};
  std::string password{};
  std::int64_t port = 587;  // submission
  std::string salt{};
  std::string sender{};
  std::string user{};  // empty: without authentication

  static constexpr auto fields =
      fields_in_order(required("host", &SmtpSettings::host), defaulted("password", &SmtpSettings::password),
                      defaulted("port", &SmtpSettings::port), defaulted("salt", &SmtpSettings::salt),
                      required("sender", &SmtpSettings::sender), defaulted("user", &SmtpSettings::user));
  friend bool operator==(const SmtpSettings&, const SmtpSettings&) = default;
};

struct NotificationList {
  std::vector<std::string> recipients{};  // mail addresses
  std::string smtp{};                     // SmtpSettings, by name
  std::optional<bool> ordered{};          // as of an external system

  static constexpr auto fields = fields_in_order(defaulted("ordered", &NotificationList::ordered),
                                                 required("recipients", &NotificationList::recipients),
                                                 required("smtp", &NotificationList::smtp));
  friend bool operator==(const NotificationList&, const NotificationList&) = default;
};

using Artifact =
    std::variant<SharedScript, ExternalSystem, DatabaseConnection, SmtpSettings, NotificationList>;

inline ArtifactKind kind_of(const Artifact& artifact) {
  return static_cast<ArtifactKind>(artifact.index());
}

// What a receiver insists on, whoever sent it: what it says can be acted on, and no text ends a header
// or mail line.
Result<> check(const Artifact& artifact);

struct ArtifactItem {
  std::string key{};
  Revision revision;

  static constexpr auto fields =
      fields_in_order(required("key", &ArtifactItem::key), required("revision", &ArtifactItem::revision));
  friend auto operator<=>(const ArtifactItem&, const ArtifactItem&) = default;
};

// All that a node holds, or shall hold, strictly sorted by key.
using ArtifactInventory = std::vector<ArtifactItem>;

}  // namespace fieldline

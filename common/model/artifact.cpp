#include "common/model/artifact.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/model/names.hpp"

namespace fieldline {
namespace {

constexpr std::size_t kLongestText = 4096;  // of any field but a script's source
constexpr std::size_t kLongestList = 1000;  // recipients, headers

Failure refuse_field(std::string_view field, std::string_view why) {
  return fail(ErrorCode::kInvalid, std::string(why), std::string(field));
}

// Nothing in it ends a line, and so nothing smuggles another header in.
bool is_one_line(std::string_view text) {
  return text.size() <= kLongestText && std::ranges::none_of(text, [](char c) {
           return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
         });
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kLongestText && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

using Lines = std::initializer_list<std::pair<std::string_view, const std::string*>>;

Result<> check_lines(const Lines& lines) {
  for (const auto& [field, text] : lines) {
    if (!is_one_line(*text))
      return refuse_field(field, "it is longer than 4096 bytes or has control characters");
  }
  return {};
}

Result<> check_port(std::int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return refuse_field("port", "a port is 1 to 65535");
}

// Its Lua is judged by who compiles it.
Result<> check_fields(const SharedScript&) {
  return {};
}

Result<> check_auth(const ExternalAuth& auth) {
  if (auto lines = check_lines({{"auth/secret", &auth.secret}, {"auth/user", &auth.user}}); !lines)
    return lines;
  if (auth.kind == AuthKind::kHeader && !is_token(auth.name))
    return refuse_field("auth/name", "not the name of a header");
  if (auth.user.find(':') != std::string::npos) return refuse_field("auth/user", "a user has no colon");
  return {};
}

Result<> check_fields(const ExternalSystem& system) {
  if (auto lines = check_lines({{"base_url", &system.base_url}, {"salt", &system.salt}}); !lines)
    return lines;
  if (!system.base_url.starts_with("http://") && !system.base_url.starts_with("https://"))
    return refuse_field("base_url", "neither http nor https");
  if (system.headers.size() > kLongestList) return refuse_field("headers", "more than 1000");
  for (const auto& [name, value] : system.headers) {
    if (!is_token(name)) return refuse_field("headers", "one has a name that is none");
    if (auto line = check_lines({{"headers/" + name, &value}}); !line) return line;
  }
  if (system.retry_interval < std::chrono::seconds(1) || system.retry_interval > FlatConfig::kLongestDuration)
    return refuse_field("retry_interval", "below 1 s or above 366 days");
  if (system.retry_limit < 0) return refuse_field("retry_limit", "below zero");
  if (system.timeout <= Duration::zero() || system.timeout > FlatConfig::kLongestDuration)
    return refuse_field("timeout", "not above zero, or above 366 days");
  return check_auth(system.auth);
}

Result<> check_fields(const DatabaseConnection& connection) {
  if (connection.database.empty()) return refuse_field("database", "it is empty");
  if (auto lines = check_lines({{"database", &connection.database},
                                {"host", &connection.host},
                                {"password", &connection.password},
                                {"salt", &connection.salt},
                                {"user", &connection.user}});
      !lines) {
    return lines;
  }
  return check_port(connection.port);
}

Result<> check_fields(const SmtpSettings& settings) {
  if (settings.host.empty()) return refuse_field("host", "it is empty");
  if (auto lines = check_lines({{"host", &settings.host},
                                {"password", &settings.password},
                                {"salt", &settings.salt},
                                {"sender", &settings.sender},
                                {"user", &settings.user}});
      !lines) {
    return lines;
  }
  return check_port(settings.port);
}

Result<> check_fields(const NotificationList& list) {
  if (list.recipients.empty() || list.recipients.size() > kLongestList)
    return refuse_field("recipients", "none, or more than 1000");
  for (const auto& recipient : list.recipients) {
    if (recipient.empty() || !is_one_line(recipient))
      return refuse_field("recipients", "one of them is not an address");
  }
  if (!is_name(list.smtp)) return refuse_field("smtp", "not a legal name");
  return {};
}

}  // namespace

std::string artifact_key(ArtifactKind kind, std::string_view name) {
  return fmt::format("{}/{}", fieldline::name(kind), name);
}

std::optional<ArtifactName> parse_artifact_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos || !is_name(key.substr(slash + 1))) return std::nullopt;
  const auto kind = parse_enum<ArtifactKind>(key.substr(0, slash));
  if (!kind) return std::nullopt;
  return ArtifactName{*kind, std::string(key.substr(slash + 1))};
}

bool holds_secrets(ArtifactKind kind) {
  return kind == ArtifactKind::kExternalSystem || kind == ArtifactKind::kDatabaseConnection ||
         kind == ArtifactKind::kSmtpSettings;
}

Result<> check(const Artifact& artifact) {
  return std::visit([](const auto& of_kind) { return check_fields(of_kind); }, artifact);
}

}  // namespace fieldline

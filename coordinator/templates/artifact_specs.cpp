#include "coordinator/templates/artifact_specs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/model/connection_options.hpp"
#include "common/model/names.hpp"
#include "coordinator/templates/limits.hpp"

namespace fieldline::templates {
namespace {

Failure refuse(std::string_view field, std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message), fmt::format("/spec/{}", field));
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// A name or an address, without a port.
bool is_host(std::string_view host) {
  const bool is_ipv6 = std::ranges::count(host, ':') > 1;
  const auto endpoint = parse_endpoint(is_ipv6 ? fmt::format("[{}]:1", host) : fmt::format("{}:1", host));
  return endpoint && endpoint->host == host;
}

bool is_authority(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  return parse_endpoint(has_port ? std::string(text) : fmt::format("{}:1", text)).has_value();
}

// No user, which would come with a password, no query and no fragment: paths are appended to it.
bool is_base_url(std::string_view url) {
  if (url.size() > kMaxUrl || !is_visible(url)) return false;
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  if (url.substr(0, scheme) != "http" && url.substr(0, scheme) != "https") return false;
  const auto rest = url.substr(scheme + 3);
  return rest.find_first_of("@?#\\\"<>") == std::string_view::npos &&
         is_authority(rest.substr(0, rest.find('/')));
}

// What mail servers take without quotes, and nothing that could end a header line.
bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || text.size() > kMaxMailAddress || !is_visible(text))
    return false;
  const auto local = text.substr(0, at);
  const auto domain = text.substr(at + 1);
  return local.find_first_of("()<>[]:;,\\\"") == std::string_view::npos && is_host(domain) &&
         domain.find(':') == std::string_view::npos;
}

Result<> check_host(std::string_view host) {
  if (is_host(host)) return {};
  return refuse("host", fmt::format("'{}' is not a host: a name or an address, without a port", host));
}

Result<> check_port(std::int64_t port) {
  if (port >= 1 && port <= 65535) return {};
  return refuse("port", "a port is 1 to 65535");
}

Result<> check_mail_address(const std::string& text, std::string_view field) {
  if (is_mail_address(text)) return {};
  return refuse(field, fmt::format("'{}' is not a mail address: name@host", text));
}

}  // namespace

// Its Lua is judged with what all documents mean.
Result<> check_spec(const SharedScriptSpec&) {
  return {};
}

Result<> check_spec(const ExternalSystemSpec& spec) {
  if (!is_base_url(spec.base_url)) {
    return refuse("base_url", fmt::format("'{}' is not http(s)://host[:port][/path], without user, ? and #",
                                          spec.base_url));
  }
  if (spec.retry_interval < std::chrono::seconds(1) || spec.retry_interval > kLongestRetryInterval) {
    return refuse("retry_interval", "a retry interval is 1s to 24h");
  }
  if (spec.retry_limit < 0 || spec.retry_limit > kMaxRetries) {
    return refuse("retry_limit", fmt::format("a retry limit is 0 to {}", kMaxRetries));
  }
  return {};
}

Result<> check_spec(const DatabaseConnectionSpec& spec) {
  if (spec.database.empty() || spec.database.size() > kMaxDatabaseName || !is_printable(spec.database)) {
    return refuse("database", fmt::format("a database has a name of 1 to {} characters", kMaxDatabaseName));
  }
  if (spec.user.size() > kMaxDatabaseName || !is_printable(spec.user)) {
    return refuse("user", fmt::format("a user has a name of at most {} characters", kMaxDatabaseName));
  }
  if (spec.backend == DatabaseBackend::kPostgresql) {
    if (auto host = check_host(spec.host); !host) return host;
    return check_port(spec.port);
  }
  const bool is_file =
      spec.host.empty() && spec.user.empty() && spec.port == DatabaseConnectionSpec::kPostgresqlPort;
  if (!is_file) return refuse("backend", "sqlite is a file: it has no host, port and user");
  return {};
}

Result<> check_spec(const SmtpSettingsSpec& spec) {
  if (auto host = check_host(spec.host); !host) return host;
  if (auto port = check_port(spec.port); !port) return port;
  return check_mail_address(spec.sender, "sender");
}

Result<> check_spec(const NotificationListSpec& spec) {
  const auto& recipients = spec.recipients;
  if (recipients.empty() || recipients.size() > kMaxRecipients) {
    return refuse("recipients", fmt::format("a list has 1 to {} recipients", kMaxRecipients));
  }
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const auto field = fmt::format("recipients/{}", i);
    if (auto address = check_mail_address(recipients[i], field); !address) return address;
    const auto here = recipients.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(recipients.begin(), here, recipients[i]) != here) {
      return refuse(field, fmt::format("'{}' stands twice", recipients[i]));
    }
  }
  if (!is_name(spec.smtp)) {
    return refuse("smtp", fmt::format("'{}' is not a legal name of SmtpSettings", spec.smtp));
  }
  return {};
}

}  // namespace fieldline::templates

#include "coordinator/templates/artifact_specs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <string_view>
#include <tuple>

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

bool is_user(std::string_view text) {
  return text.size() <= kMaxDatabaseName && is_printable(text);
}

Result<> check_user(std::string_view user) {
  if (is_user(user)) return {};
  return refuse("user", fmt::format("a user has a name of at most {} characters", kMaxDatabaseName));
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

// A secret that was just written; one that is kept was checked when it was.
Result<> check_secret(const Secret& secret, std::string_view field) {
  if (secret.state != Secret::State::kPlain) return {};
  if (!secret.text.empty() && secret.text.size() <= kMaxSecret && is_printable(secret.text)) return {};
  return refuse(field, fmt::format("a secret has 1 to {} bytes and no control characters; leave the field "
                                   "out where there is none",
                                   kMaxSecret));
}

// It goes into a line of a request as it is.
Result<> check_header_secret(const Secret& secret, std::string_view field) {
  if (secret.state == Secret::State::kAbsent) return refuse(field, "this kind needs it");
  if (auto sound = check_secret(secret, field); !sound) return sound;
  const auto& text = secret.text;
  const bool ascii = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (ascii && !text.starts_with(' ') && !text.ends_with(' ')) return {};
  return refuse(field, "it goes into a header, which takes ASCII only, and no spaces around it");
}

// What sites take; of what RFC 9110, 5.6.2, allows, that is all that is in use.
bool is_header_name(std::string_view text) {
  return !text.empty() && text.size() <= kMaxHeader && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_one_of(std::string_view header, std::initializer_list<std::string_view> names) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return std::ranges::equal(header, name, same); });
}

Result<> check_header_name(std::string_view text, std::string_view field) {
  // Those that say where a request goes and how long it is.
  if (is_header_name(text) && !is_one_of(text, {"connection", "content-length", "host", "transfer-encoding"}))
    return {};
  return refuse(field, fmt::format("'{}' is not the name of a header that is free to be set", text));
}

Result<> check_headers(const std::map<std::string, std::string>& headers) {
  if (headers.size() > kMaxHeaders)
    return refuse("headers", fmt::format("an external system has at most {} headers", kMaxHeaders));
  for (const auto& [name, value] : headers) {
    const auto field = "headers" + pointer_step(name);
    if (auto sound = check_header_name(name, field); !sound) return sound;
    if (is_one_of(name, {"authorization"})) return refuse(field, "it is a secret: write it as auth");
    if (name.size() + value.size() > kMaxHeader || !is_printable(value))
      return refuse(field,
                    fmt::format("a header has at most {} bytes and no control characters", kMaxHeader));
  }
  return {};
}

Result<> check_auth(const AuthSpec& auth) {
  const auto kind = auth.kind;
  const auto set = [](const Secret& secret) { return secret.state != Secret::State::kAbsent; };
  const std::array<std::tuple<std::string_view, bool, AuthKind>, 5> uses{{
      {"name", !auth.name.empty(), AuthKind::kHeader},
      {"password", set(auth.password), AuthKind::kBasic},
      {"token", set(auth.token), AuthKind::kBearer},
      {"user", !auth.user.empty(), AuthKind::kBasic},
      {"value", set(auth.value), AuthKind::kHeader},
  }};
  for (const auto& [field, given, of] : uses) {
    if (given && of != kind)
      return refuse(fmt::format("auth/{}", field), fmt::format("{} has no {}", name(kind), field));
  }
  if (kind == AuthKind::kBearer) return check_header_secret(auth.token, "auth/token");
  if (kind == AuthKind::kHeader) {
    if (auto sound = check_header_name(auth.name, "auth/name"); !sound) return sound;
    return check_header_secret(auth.value, "auth/value");
  }
  if (kind == AuthKind::kNone) return {};
  if (!is_user(auth.user) || auth.user.empty() || auth.user.find(':') != std::string::npos)
    return refuse("auth/user", "basic needs a user, without ':'");
  if (!set(auth.password)) return refuse("auth/password", "basic needs a password");
  return check_secret(auth.password, "auth/password");
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
  if (spec.timeout < std::chrono::milliseconds(1) || spec.timeout > kLongestRequest) {
    return refuse("timeout", "a timeout is 1ms to 10min");
  }
  if (auto headers = check_headers(spec.headers); !headers) return headers;
  return check_auth(spec.auth);
}

Result<> check_spec(const DatabaseConnectionSpec& spec) {
  if (spec.database.empty() || spec.database.size() > kMaxDatabaseName || !is_printable(spec.database)) {
    return refuse("database", fmt::format("a database has a name of 1 to {} characters", kMaxDatabaseName));
  }
  if (auto user = check_user(spec.user); !user) return user;
  if (auto password = check_secret(spec.password, "password"); !password) return password;
  if (spec.backend == DatabaseBackend::kPostgresql) {
    if (auto host = check_host(spec.host); !host) return host;
    return check_port(spec.port);
  }
  const bool is_file = spec.host.empty() && spec.user.empty() &&
                       spec.port == DatabaseConnectionSpec::kPostgresqlPort &&
                       spec.password.state == Secret::State::kAbsent;
  if (!is_file) return refuse("backend", "sqlite is a file: it has no host, port, user and password");
  return {};
}

Result<> check_spec(const SmtpSettingsSpec& spec) {
  if (auto host = check_host(spec.host); !host) return host;
  if (auto port = check_port(spec.port); !port) return port;
  if (auto user = check_user(spec.user); !user) return user;
  if (auto password = check_secret(spec.password, "password"); !password) return password;
  if (spec.user.empty() != (spec.password.state == Secret::State::kAbsent))
    return refuse("user", "a user and a password come together");
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

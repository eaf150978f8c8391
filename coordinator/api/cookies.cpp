#include "coordinator/api/cookies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/hash.hpp"

namespace fieldline::api {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool same_authority(std::string_view a, std::string_view b) {
  const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, fold, fold);
}

}  // namespace

std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name) {
  auto rest = headers.find("Cookie").value_or("");
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    const auto pair = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

std::string set_session_cookie(std::string_view secret, bool secure) {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict{}{}", kSessionCookie, secret,
                     secure ? "; Secure" : "", secret.empty() ? "; Max-Age=0" : "");
}

// A proxy that ends TLS leaves us the host to compare, not the scheme.
Result<> check_origin(const Head& head) {
  const auto origin = head.headers.find("Origin");
  if (!origin) return {};
  const auto colon = origin->find("://");
  const auto host = head.headers.find("Host").value_or("");
  if (colon != std::string_view::npos && !host.empty() && same_authority(origin->substr(colon + 3), host))
    return {};
  return fail(ErrorCode::kForbidden, "this comes from a page of another site");
}

Result<> check_meant(const Head& head, const security::Principal& principal) {
  if (head.method == Method::kGet || head.method == Method::kHead) return {};
  if (auto own = check_origin(head); !own) return own;
  const auto shown = head.headers.find("X-CSRF-Token").value_or("");
  if (equal_in_constant_time(shown, principal.csrf)) return {};
  return fail(ErrorCode::kForbidden, "send the header X-CSRF-Token with the csrf_token of login or whoami");
}

}  // namespace fieldline::api

// The cookie of a session, and what keeps other sites' pages from using it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "coordinator/api/http.hpp"

namespace fieldline::api {

inline constexpr std::string_view kSessionCookie = "fieldline_session";

std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name);
// The value of Set-Cookie; `secure`: only ever sent over TLS. An empty secret takes the cookie away.
std::string set_session_cookie(std::string_view secret, bool secure);

// kForbidden when a page of another site sent it.
Result<> check_origin(const Head& head);
// What a session's request to change something must show: kForbidden without the CSRF token.
Result<> check_meant(const Head& head, const security::Principal& principal);

}  // namespace fieldline::api

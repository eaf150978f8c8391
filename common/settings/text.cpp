#include "common/settings/text.hpp"

#include <algorithm>

namespace fieldline::settings {
namespace {

bool is_host(std::string_view text) {
  const auto is_host_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), is_host_char);
}

bool is_ipv6(std::string_view text) {
  return !text.empty() && text.size() <= 45 &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == text.npos;
}

}  // namespace

Result<std::filesystem::path> Text<std::filesystem::path>::parse(std::string_view text) {
  if (!text.empty() && text.find('\0') == text.npos) return std::filesystem::path(text);
  return fail(ErrorCode::kInvalid, "a path may not be empty");
}

Result<bool> Text<bool>::parse(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorCode::kInvalid, fmt::format("'{}' is neither true nor false", text));
}

Result<Endpoint> Text<Endpoint>::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != text.npos) {
    auto host = text.substr(0, colon);
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto port = Text<std::uint16_t>::parse(text.substr(colon + 1));
    if (port && (bracketed ? is_ipv6(host) : is_host(host))) return Endpoint{std::string(host), *port};
  }
  return fail(
      ErrorCode::kInvalid,
      fmt::format("'{}' is not an endpoint such as plant.example:7400, 10.0.0.1:7400 or [::1]:7400", text));
}

std::string Text<Endpoint>::print(const Endpoint& value) {
  const bool ipv6 = value.host.find(':') != std::string::npos;
  return (ipv6 ? "[" + value.host + "]" : value.host) + ":" + Text<std::uint16_t>::print(value.port);
}

}  // namespace fieldline::settings

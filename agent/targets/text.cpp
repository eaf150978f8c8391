#include "agent/targets/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "agent/targets/limits.hpp"
#include "common/base/utf8.hpp"

namespace fieldline::targets {
namespace {

constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

}  // namespace

bool is_control(char c) {
  return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
}

std::string reason_of(std::string_view said, std::string_view secret) {
  std::string text(said);
  for (auto at = text.find(secret); !secret.empty() && at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "***");
    at += 3;
  }
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  if (is_utf8(text)) return std::string(cut_utf8(text, kReasonBytes));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) > '~'; }, '?');
  return text.substr(0, kReasonBytes);
}

bool is_loopback(std::string_view host) {
  if (lower(host) == "localhost" || host == "::1" || host == "[::1]") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string copy(text);
  for (char& c : copy) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return copy;
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace fieldline::targets

#include "coordinator/api/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/base/utf8.hpp"

namespace fieldline::api {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Failure bad_target(std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("the request target {}", what));
}

// RFC 3986, 2.1; in a query '+' is a blank, as forms send it.
Result<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = high ? hex_digit(text[i + 2]) : std::nullopt;
      if (!low) return bad_target("has a '%' without two hex digits");
      out += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  if (out.find('\0') != std::string::npos) return bad_target("has a NUL");
  if (!is_utf8(out)) return bad_target("is not UTF-8");
  return out;
}

Result<Params> parse_query(std::string_view text) {
  Params query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    if (!name) return fail(name.error());
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!value) return fail(value.error());
    if (!query.emplace(*name, std::move(*value)).second)
      return bad_target(fmt::format("says the parameter '{}' twice", *name));
  }
  return query;
}

}  // namespace

Method parse_method(std::string_view text) {
  return parse_enum<Method>(text).value_or(Method::kOther);
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const auto& field) { return same_name(field.first, name); }));
}

Result<Target> parse_target(std::string_view target) {
  if (!target.starts_with('/')) return bad_target("does not begin with '/'");
  const auto question = std::min(target.find('?'), target.size());
  auto path = target.substr(1, question - std::min<std::size_t>(1, question));
  Target parsed;
  for (;;) {
    const auto end = std::min(path.find('/'), path.size());
    auto segment = decode(path.substr(0, end), false);
    if (!segment) return fail(segment.error());
    parsed.segments.push_back(std::move(*segment));
    if (end == path.size()) break;
    path.remove_prefix(end + 1);
  }
  auto query = parse_query(target.substr(std::min(question + 1, target.size())));
  if (!query) return fail(query.error());
  parsed.query = std::move(*query);
  return parsed;
}

std::optional<std::string_view> Request::option(std::string_view name) const {
  const auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  return found->second;
}

Response json_response(int status, const Json& body) {
  // Texts of nodes may be anything; what is not UTF-8 is shown as U+FFFD.
  auto text = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return {.status = status, .content_type = "application/json", .body = std::move(text)};
}

Response empty_response(int status) {
  return {.status = status};
}

std::string_view reason(int status) {
  static constexpr auto kReasons = std::to_array<std::pair<int, std::string_view>>({
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {409, "Conflict"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {422, "Unprocessable Content"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  });
  const auto found = std::ranges::find(kReasons, status, &std::pair<int, std::string_view>::first);
  return found == kReasons.end() ? "Unknown" : found->second;
}

std::string escape_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace fieldline::api

#include "coordinator/api/options.hpp"

#include <charconv>

#include "common/base/hash.hpp"
#include "common/base/utf8.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {

Failure bad_option(std::string_view option, std::string_view what) {
  return fail(ErrorCode::kInvalid, fmt::format("the parameter '{}' {}", option, what),
              fmt::format("?{}", option));
}

Result<std::optional<bool>> flag_option(const Request& request, std::string_view option) {
  const auto text = request.option(option);
  if (!text) return std::optional<bool>();
  if (*text != "true" && *text != "false") return bad_option(option, "is true or false");
  return std::optional<bool>(*text == "true");
}

Result<std::optional<Timestamp>> time_option(const Request& request, std::string_view option) {
  const auto text = request.option(option);
  if (!text) return std::optional<Timestamp>();
  const auto time = parse_rfc3339(*text);
  if (!time) return bad_option(option, "is a time such as 2026-11-22T15:04:05Z");
  return std::optional<Timestamp>(*time);
}

Result<Duration> wait_option(const Request& request) {
  const auto text = request.option("wait");
  if (!text) return Duration(0);
  const auto wait = parse_duration(*text);
  if (!wait || *wait > kLongestWait)
    return bad_option("wait", fmt::format("is a duration of at most {}", format_duration(kLongestWait)));
  return *wait;
}

Result<std::int64_t> limit_option(const Request& request, std::int64_t otherwise, std::int64_t most) {
  const auto text = request.option("limit");
  if (!text) return otherwise;
  std::int64_t limit = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || end != text->data() + text->size() || limit < 1 || limit > most)
    return bad_option("limit", fmt::format("is a number from 1 to {}", most));
  return limit;
}

Result<std::string> cursor_option(const Request& request) {
  const auto text = request.option("cursor").value_or("");
  std::string decoded;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc() || end != text.data() + i + 2)
      return bad_option("cursor", "is what the page before gave as 'next'");
    decoded += static_cast<char>(byte);
  }
  if (text.size() % 2 != 0 || !is_utf8(decoded))
    return bad_option("cursor", "is what the page before gave as 'next'");
  return decoded;
}

std::string make_cursor(std::string_view text) {
  return to_hex(text);
}

}  // namespace fieldline::api

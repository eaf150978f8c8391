// Query parameters as what they mean. Each refuses what it can't read, naming the parameter.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

#include "common/base/time.hpp"
#include "coordinator/api/http.hpp"

namespace fieldline::api {

// "?wait" …: where an error about a parameter is.
Failure bad_option(std::string_view option, std::string_view what);

Result<std::optional<bool>> flag_option(const Request& request, std::string_view option);
Result<std::optional<Timestamp>> time_option(const Request& request, std::string_view option);
// `wait`, at most kLongestWait; zero when it is not given.
Result<Duration> wait_option(const Request& request);
// `limit`, between 1 and `most`; `otherwise` when it is not given.
Result<std::int64_t> limit_option(const Request& request, std::int64_t otherwise, std::int64_t most);
// The text that make_cursor made a cursor of; empty when there is none.
Result<std::string> cursor_option(const Request& request);
std::string make_cursor(std::string_view text);

template <NamedEnum E>
Result<std::optional<E>> enum_option(const Request& request, std::string_view option) {
  const auto text = request.option(option);
  if (!text) return std::optional<E>();
  const auto value = parse_enum<E>(*text);
  if (!value) return bad_option(option, fmt::format("is one of {}", fmt::join(kEnumNames<E>, ", ")));
  return std::optional<E>(value);
}

}  // namespace fieldline::api

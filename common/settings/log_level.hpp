// How much a daemon logs.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/settings/text.hpp"

namespace fieldline::settings {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
inline constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warning", "error"};

template <>
struct Text<LogLevel> {
  static constexpr std::string_view kKind = "debug, info, warning or error";
  static Result<LogLevel> parse(std::string_view text) {
    for (std::size_t i = 0; i < kLogLevels.size(); ++i) {
      if (kLogLevels[i] == text) return static_cast<LogLevel>(i);
    }
    return fail(ErrorCode::kInvalid, fmt::format("'{}' is not one of debug, info, warning, error", text));
  }
  static std::string print(LogLevel level) {
    return std::string(kLogLevels[static_cast<std::size_t>(level)]);
  }
};

}  // namespace fieldline::settings

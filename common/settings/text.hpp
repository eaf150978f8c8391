// A setting's value as text, the one form that files and flags share.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <concepts>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/settings/endpoint.hpp"

namespace fieldline::settings {

// What each type is called for people, and how it is read and written.
template <class T>
struct Text;

template <>
struct Text<std::string> {
  static constexpr std::string_view kKind = "text";
  static Result<std::string> parse(std::string_view text) { return std::string(text); }
  static std::string print(const std::string& value) { return value; }
};

template <>
struct Text<std::filesystem::path> {
  static constexpr std::string_view kKind = "path";
  static Result<std::filesystem::path> parse(std::string_view text);
  static std::string print(const std::filesystem::path& value) { return value.string(); }
};

template <>
struct Text<bool> {
  static constexpr std::string_view kKind = "true or false";
  static Result<bool> parse(std::string_view text);
  static std::string print(bool value) { return value ? "true" : "false"; }
};

template <>
struct Text<Duration> {
  static constexpr std::string_view kKind = "duration";
  static Result<Duration> parse(std::string_view text) { return parse_duration(text); }
  static std::string print(Duration value) { return format_duration(value); }
};

template <>
struct Text<Endpoint> {
  static constexpr std::string_view kKind = "host:port";
  // "plant.example:7400", "10.0.0.1:7400", "[::1]:7400".
  static Result<Endpoint> parse(std::string_view text);
  static std::string print(const Endpoint& value);
};

template <std::integral T>
struct Text<T> {
  static constexpr std::string_view kKind = "integer";
  static Result<T> parse(std::string_view text) {
    T value{};
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc() && stop == end && !text.empty()) return value;
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' is not an integer from {} to {}", text, std::numeric_limits<T>::min(),
                            std::numeric_limits<T>::max()));
  }
  static std::string print(T value) { return fmt::format("{}", value); }
};

}  // namespace fieldline::settings

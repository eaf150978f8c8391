#include "common/model/value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "common/base/check.hpp"

namespace fieldline {
namespace {

constexpr std::int64_t kLargestExactInteger = std::int64_t{1} << 53;  // of a double

constexpr std::array<std::pair<Quality, std::string_view>, 12> kQualityNames{{
    {Quality::kGood, "Good"},
    {Quality::kUncertainLastUsableValue, "Uncertain_LastUsableValue"},
    {Quality::kUncertainInitialValue, "Uncertain_InitialValue"},
    {Quality::kBadCommunicationError, "Bad_CommunicationError"},
    {Quality::kBadWaitingForInitialData, "Bad_WaitingForInitialData"},
    {Quality::kBadNodeIdUnknown, "Bad_NodeIdUnknown"},
    {Quality::kBadNotWritable, "Bad_NotWritable"},
    {Quality::kBadOutOfRange, "Bad_OutOfRange"},
    {Quality::kBadTypeMismatch, "Bad_TypeMismatch"},
    {Quality::kBadConfigurationError, "Bad_ConfigurationError"},
    {Quality::kBadDeviceFailure, "Bad_DeviceFailure"},
    {Quality::kBadOutOfService, "Bad_OutOfService"},
}};

Failure mismatch(const Value& value, DataType type) {
  return fail(ErrorCode::kInvalid, fmt::format("{} is not of type {}", to_text(value), name(type)));
}

}  // namespace

bool fits(const Value& value, DataType type) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (type) {
    case DataType::kBool:
      return std::holds_alternative<bool>(value);
    case DataType::kInt:
      return std::holds_alternative<std::int64_t>(value);
    case DataType::kFloat:
      return std::holds_alternative<double>(value) && std::isfinite(std::get<double>(value));
    case DataType::kString:
      return std::holds_alternative<std::string>(value);
    case DataType::kTimestamp:
      return std::holds_alternative<Timestamp>(value);
  }
  FIELDLINE_UNREACHABLE();
}

Result<Value> coerce(const Value& value, DataType type) {
  if (fits(value, type)) return value;
  if (type == DataType::kFloat) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      if (*integer <= kLargestExactInteger && *integer >= -kLargestExactInteger)
        return Value(static_cast<double>(*integer));
    }
  } else if (type == DataType::kInt) {
    if (const auto* real = std::get_if<double>(&value)) {
      if (std::trunc(*real) == *real && std::abs(*real) <= static_cast<double>(kLargestExactInteger)) {
        return Value(static_cast<std::int64_t>(*real));
      }
    }
  } else if (type == DataType::kTimestamp) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      auto time = parse_rfc3339(*text);
      if (!time) return fail(std::move(time.error()));
      return Value(*time);
    }
  }
  return mismatch(value, type);
}

std::optional<double> as_number(const Value& value) {
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? 1.0 : 0.0;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

std::string to_text(const Value& value) {
  struct Visitor {
    std::string operator()(std::monostate) const { return "(none)"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return '"' + v + '"'; }
    std::string operator()(Timestamp v) const { return format_rfc3339(v); }
  };
  return std::visit(Visitor{}, value);
}

std::string name(Quality quality) {
  for (const auto& [code, text] : kQualityNames) {
    if (code == quality) return std::string(text);
  }
  return fmt::format("0x{:08X}", static_cast<std::uint32_t>(quality));
}

std::optional<Quality> parse_quality(std::string_view text) {
  for (const auto& [code, known] : kQualityNames) {
    if (known == text) return code;
  }
  std::uint32_t code = 0;
  if (text.size() != 10 || text.substr(0, 2) != "0x") return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), code, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<Quality>(code);
}

}  // namespace fieldline

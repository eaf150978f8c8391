// What an attribute holds: a value, how far to trust it, and when it was true.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"

namespace fieldline {

enum class DataType { kBool, kInt, kFloat, kString, kTimestamp };
template <>
inline constexpr std::array kEnumNames<DataType> = std::to_array<std::string_view>({"bool", "int", "float",
                                                                                    "string", "timestamp"});

// monostate: no value yet.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, Timestamp>;

// Does `value` have exactly this type? No value fits every type.
bool fits(const Value& value, DataType type);
// `value` as `type`, where nothing is lost: int → float when exact, integral float → int, RFC 3339
// string → timestamp. NaN and infinities are refused.
Result<Value> coerce(const Value& value, DataType type);
// The numeric reading of a bool, int or float; empty for the rest.
std::optional<double> as_number(const Value& value);
// For messages and logs: "12.5", "true", "\"text\"", "(none)".
std::string to_text(const Value& value);

// OPC UA status codes (Part 4, 7.39; Part 8), the part of them that Fieldline uses.
enum class Quality : std::uint32_t {
  kGood = 0x00000000,
  kUncertainLastUsableValue = 0x40900000,
  kUncertainInitialValue = 0x40920000,
  kBadCommunicationError = 0x80050000,
  kBadWaitingForInitialData = 0x80320000,
  kBadNodeIdUnknown = 0x80340000,
  kBadNotWritable = 0x803B0000,
  kBadOutOfRange = 0x803C0000,
  kBadTypeMismatch = 0x80740000,
  kBadConfigurationError = 0x80890000,
  kBadDeviceFailure = 0x808B0000,
  kBadOutOfService = 0x808D0000,
};

// "Good", "Bad_CommunicationError"; an unlisted code as "0x80AB0000".
std::string name(Quality quality);
std::optional<Quality> parse_quality(std::string_view text);
// The two top bits say good (0), uncertain (1) or bad (2).
constexpr bool is_good(Quality quality) {
  return (static_cast<std::uint32_t>(quality) >> 30) == 0;
}
constexpr bool is_bad(Quality quality) {
  return (static_cast<std::uint32_t>(quality) >> 30) >= 2;
}

struct Sample {
  Quality quality = Quality::kBadWaitingForInitialData;
  Timestamp server_time{};  // when this node last confirmed it
  Timestamp source_time{};  // when the source says it became so
  Value value;

  static constexpr auto fields =
      fields_in_order(required("quality", &Sample::quality), required("server_time", &Sample::server_time),
                      required("source_time", &Sample::source_time), required("value", &Sample::value));
  friend bool operator==(const Sample&, const Sample&) = default;
};

}  // namespace fieldline

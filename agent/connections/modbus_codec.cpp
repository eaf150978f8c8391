#include "agent/connections/modbus_codec.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline::connections {
namespace {

constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53
constexpr Reading kOutOfRange{Quality::kBadOutOfRange, {}};

std::uint32_t join(WordOrder order, std::span<const std::uint16_t> words) {
  const auto high = words[order == WordOrder::kHighWordFirst ? 0 : 1];
  const auto low = words[order == WordOrder::kHighWordFirst ? 1 : 0];
  return (std::uint32_t{high} << 16) | low;
}

std::vector<std::uint16_t> split(WordOrder order, std::uint32_t bits) {
  const auto high = static_cast<std::uint16_t>(bits >> 16);
  const auto low = static_cast<std::uint16_t>(bits);
  if (order == WordOrder::kHighWordFirst) return {high, low};
  return {low, high};
}

// What stands in an integer register; 32 bits are exact in a double too.
std::int64_t integer(const ModbusAddress& address, std::span<const std::uint16_t> words) {
  switch (address.type) {
    case RegisterType::kInt16:
      return static_cast<std::int16_t>(words[0]);
    case RegisterType::kInt32:
      return static_cast<std::int32_t>(join(address.order, words));
    case RegisterType::kUint32:
      return join(address.order, words);
    default:
      return words[0];
  }
}

double number(const ModbusAddress& address, std::span<const std::uint16_t> words) {
  if (address.type == RegisterType::kFloat32) return std::bit_cast<float>(join(address.order, words));
  return static_cast<double>(integer(address, words));
}

Reading as_bool(std::int64_t raw) {
  if (raw != 0 && raw != 1) return kOutOfRange;
  return {Quality::kGood, raw == 1};
}

Reading as_int(double scaled) {
  const double rounded = std::round(scaled);
  if (!(std::abs(rounded) <= kLargestExactInteger)) return kOutOfRange;
  return {Quality::kGood, static_cast<std::int64_t>(rounded)};
}

Reading as_float(double scaled) {
  if (!std::isfinite(scaled)) return kOutOfRange;
  return {Quality::kGood, scaled};
}

std::pair<double, double> range(RegisterType type) {
  switch (type) {
    case RegisterType::kBool:
      return {0, 1};
    case RegisterType::kInt16:
      return {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    case RegisterType::kUint16:
      return {0, std::numeric_limits<std::uint16_t>::max()};
    case RegisterType::kInt32:
      return {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    case RegisterType::kUint32:
      return {0, std::numeric_limits<std::uint32_t>::max()};
    case RegisterType::kFloat32:
      return {std::numeric_limits<float>::lowest(), std::numeric_limits<float>::max()};
  }
  FIELDLINE_UNREACHABLE();
}

}  // namespace

Reading decode(const ModbusAddress& address, DataType type, std::span<const std::uint16_t> words) {
  FIELDLINE_CHECK(words.size() == address.registers());
  if (type == DataType::kBool) return as_bool(integer(address, words));
  const double scaled = number(address, words) * address.scale + address.offset;
  return type == DataType::kInt ? as_int(scaled) : as_float(scaled);
}

Result<std::vector<std::uint16_t>> encode(const ModbusAddress& address, const Value& value) {
  const auto wanted = as_number(value);
  if (!wanted) return fail(ErrorCode::kInvalid, fmt::format("{} is not a number", to_text(value)));
  double raw = (*wanted - address.offset) / address.scale;
  if (address.type != RegisterType::kFloat32) raw = std::round(raw);
  const auto [least, most] = range(address.type);
  if (!(raw >= least && raw <= most)) {
    return fail(ErrorCode::kInvalid, fmt::format("{} would be {} in the register, and {} holds {} to {}",
                                                 to_text(value), raw, name(address.type), least, most));
  }
  if (address.type == RegisterType::kFloat32) {
    return split(address.order, std::bit_cast<std::uint32_t>(static_cast<float>(raw)));
  }
  const auto bits = static_cast<std::uint32_t>(static_cast<std::int64_t>(raw));
  if (address.registers() == 2) return split(address.order, bits);
  return std::vector<std::uint16_t>{static_cast<std::uint16_t>(bits)};
}

}  // namespace fieldline::connections

#include "common/model/simulator_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <set>

#include "common/model/address_parts.hpp"
#include "common/model/names.hpp"

namespace fieldline {
namespace {

Failure refuse(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("simulator address '{}': {}", text, why));
}

Result<> read_option(SimulatorAddress& address, std::string_view text, std::string_view part) {
  const auto [key, value] = split_option(part);
  if (key == "period") {
    const auto period = parse_duration(value);
    if (!period || *period <= Duration::zero()) {
      return refuse(text, fmt::format("period '{}' is not a duration above zero, such as 10s", value));
    }
    address.period = *period;
    return {};
  }
  if (key != "min" && key != "max") {
    return refuse(text, fmt::format("'{}' is not one of period=DURATION, min=NUMBER and max=NUMBER", part));
  }
  const auto number = parse_real(value);
  if (!number) return refuse(text, fmt::format("{} '{}' is not a number", key, value));
  (key == "min" ? address.min : address.max) = *number;
  return {};
}

bool is_bounded(const SimulatorAddress& address) {
  constexpr double kLargestExactInteger = 9007199254740992.0;  // 2^53
  return std::abs(address.min) <= kLargestExactInteger && std::abs(address.max) <= kLargestExactInteger;
}

Result<SimulatorAddress> read_wave(SimulatorAddress address, std::string_view text) {
  auto parts = address_parts(text);
  if (!parts) return fail(std::move(parts.error()));
  std::set<std::string_view> given;
  for (std::size_t i = 1; i < parts->size(); ++i) {
    const auto part = (*parts)[i];
    if (auto read = read_option(address, text, part); !read) return fail(std::move(read.error()));
    if (!given.insert(split_option(part).key).second) {
      return refuse(text, fmt::format("{} is given twice", split_option(part).key));
    }
  }
  if (!(address.min < address.max)) return refuse(text, "min is not below max");
  if (!is_bounded(address))
    return refuse(text, "min and max are beyond 2^53, where not every integer exists");
  return address;
}

bool wave_carries(Signal signal, DataType type) {
  return type == DataType::kInt || type == DataType::kFloat ||
         (type == DataType::kBool && signal == Signal::kSquare);
}

}  // namespace

bool SimulatorAddress::writable() const {
  return signal == Signal::kMemory;
}

bool SimulatorAddress::carries(DataType type) const {
  switch (signal) {
    case Signal::kConstant:
      return constant_value(text, type).has_value();
    case Signal::kMemory:
      return true;
    default:
      return wave_carries(signal, type);
  }
}

Result<SimulatorAddress> parse_simulator_address(std::string_view text) {
  const auto colon = text.find(':');
  const auto signal = parse_enum<Signal>(text.substr(0, colon));
  if (!signal) {
    return refuse(text, fmt::format("a signal is one of {}", fmt::join(kEnumNames<Signal>, ", ")));
  }
  SimulatorAddress address;
  address.signal = *signal;
  if (*signal != Signal::kConstant && *signal != Signal::kMemory) return read_wave(address, text);

  const auto rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (*signal == Signal::kMemory && !is_member_path(rest)) {
    return refuse(text, "a memory cell needs a name, as in 'memory:setpoint'");
  }
  if (rest.empty()) return refuse(text, "a constant needs a value, as in 'constant:12.5'");
  address.text = rest;
  return address;
}

Result<Value> constant_value(std::string_view text, DataType type) {
  const auto mismatch = [&] {
    return fail(ErrorCode::kInvalid, fmt::format("constant '{}' is not of type {}", text, name(type)));
  };
  switch (type) {
    case DataType::kBool:
      if (text != "true" && text != "false") return mismatch();
      return Value(text == "true");
    case DataType::kInt: {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size()) return mismatch();
      return Value(number);
    }
    case DataType::kFloat: {
      const auto number = parse_real(text);
      if (!number) return mismatch();
      return Value(*number);
    }
    default:
      return coerce(Value(std::string(text)), type);
  }
}

}  // namespace fieldline

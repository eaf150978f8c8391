#include "common/model/json.hpp"

#include <limits>

namespace fieldline {

std::string pointer_step(std::string_view token) {
  std::string step = "/";
  for (const char c : token) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

Json to_json(const Value& value) {
  struct Visitor {
    Json operator()(std::monostate) const { return nullptr; }
    Json operator()(bool v) const { return v; }
    Json operator()(std::int64_t v) const { return v; }
    Json operator()(double v) const { return v; }
    Json operator()(const std::string& v) const { return v; }
    Json operator()(Timestamp v) const { return format_rfc3339(v); }
  };
  return std::visit(Visitor{}, value);
}

Result<Value> value_from_json(const Json& json, const std::string& pointer) {
  switch (json.type()) {
    case Json::value_t::null:
      return Value();
    case Json::value_t::boolean:
      return Value(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: {
      const auto number = detail::integer_from_json(json, pointer);
      if (!number) return fail(number.error());
      return Value(*number);
    }
    case Json::value_t::number_float: {
      const auto number = json.get<double>();
      if (!std::isfinite(number)) return detail::wrong_type(pointer, "a finite number");
      return Value(number + 0.0);  // a negative zero would be a second spelling of the same value
    }
    case Json::value_t::string:
      return Value(json.get<std::string>());
    default:
      return detail::wrong_type(pointer, "a single value, not a list or an object");
  }
}

namespace detail {

Failure wrong_type(const std::string& pointer, std::string_view expected) {
  return fail(ErrorCode::kInvalid, fmt::format("expected {}", expected), pointer);
}

Result<std::int64_t> integer_from_json(const Json& json, const std::string& pointer) {
  if (!json.is_number_integer()) return wrong_type(pointer, "an integer");
  if (json.is_number_unsigned() &&
      json.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
    return wrong_type(pointer, "an integer below 2^63");
  }
  return json.get<std::int64_t>();
}

}  // namespace detail
}  // namespace fieldline

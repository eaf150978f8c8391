// The JSON form of model types, walked from their `fields`: durations as "500ms", timestamps as RFC
// 3339, enumerations and qualities by name. Reading refuses unknown and missing fields, naming the
// place as an RFC 6901 pointer.
#pragma once

#include <fmt/format.h>

#include <bitset>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "common/base/result.hpp"
#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"

namespace fieldline {

using Json = nlohmann::json;

// `token` as one step of an RFC 6901 pointer.
std::string pointer_step(std::string_view token);

Json to_json(const Value& value);
// A JSON string stays a string: whether it is a timestamp only the attribute's type can tell (coerce).
Result<Value> value_from_json(const Json& json, const std::string& pointer);

namespace detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

Failure wrong_type(const std::string& pointer, std::string_view expected);
Result<std::int64_t> integer_from_json(const Json& json, const std::string& pointer);

}  // namespace detail

// Declared ahead, because members that are containers are not found by their namespace.
template <class T>
Json to_json(const std::vector<T>& list);
template <class T>
Json to_json(const std::map<std::string, T>& map);
template <class T>
Result<> from_json(const Json& json, std::optional<T>& out, const std::string& pointer = "");
template <class T>
Result<> from_json(const Json& json, std::vector<T>& out, const std::string& pointer = "");
template <class T>
Result<> from_json(const Json& json, std::map<std::string, T>& out, const std::string& pointer = "");

template <class T>
Json to_json(const T& value) {
  if constexpr (Described<T>) {
    auto object = Json::object();
    for_each_field<T>([&](const auto& field, auto) {
      const auto& member = value.*(field.member);
      if constexpr (detail::kIsOptional<std::remove_cvref_t<decltype(member)>>) {
        if (!member) return;
        object[std::string(field.name)] = to_json(*member);
      } else {
        object[std::string(field.name)] = to_json(member);
      }
    });
    return object;
  } else if constexpr (NamedEnum<T>) {
    return std::string(name(value));
  } else if constexpr (std::is_same_v<T, Quality>) {
    return name(value);
  } else if constexpr (std::is_same_v<T, Duration>) {
    return format_duration(value);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return format_rfc3339(value);
  } else {
    return Json(value);
  }
}

template <class T>
Json to_json(const std::vector<T>& list) {
  auto array = Json::array();
  for (const auto& item : list) array.push_back(to_json(item));
  return array;
}

template <class T>
Json to_json(const std::map<std::string, T>& map) {
  auto object = Json::object();
  for (const auto& [key, item] : map) object[key] = to_json(item);
  return object;
}

// Reads `json` into `out`; what `out` held before stays where a defaulted field is absent. On
// failure `out` may be changed in part.
template <class T>
Result<> from_json(const Json& json, T& out, const std::string& pointer = "") {
  if constexpr (Described<T>) {
    if (!json.is_object()) return detail::wrong_type(pointer, "an object");
    std::bitset<kFieldCount<T>> seen;
    for (const auto& [key, item] : json.items()) {
      bool known = false;
      Result<> outcome;
      for_each_field<T>([&](const auto& field, auto index) {
        if (known || field.name != key) return;
        known = true;
        seen.set(index);
        outcome = from_json(item, out.*(field.member), pointer + pointer_step(key));
      });
      if (!known)
        return fail(ErrorCode::kInvalid, fmt::format("there is no field named '{}' here", key),
                    pointer + pointer_step(key));
      if (!outcome) return outcome;
    }
    std::string missing;
    for_each_field<T>([&](const auto& field, auto index) {
      if (field.required && !seen.test(index) && missing.empty()) missing = field.name;
    });
    if (!missing.empty())
      return fail(ErrorCode::kInvalid, fmt::format("the field '{}' is missing", missing), pointer);
    return {};
  } else if constexpr (NamedEnum<T>) {
    if (json.is_string()) {
      if (const auto value = parse_enum<T>(json.template get_ref<const std::string&>())) {
        out = *value;
        return {};
      }
    }
    return detail::wrong_type(pointer, fmt::format("one of {}", fmt::join(kEnumNames<T>, ", ")));
  } else if constexpr (std::is_same_v<T, Value>) {
    auto value = value_from_json(json, pointer);
    if (!value) return fail(std::move(value.error()));
    out = std::move(*value);
    return {};
  } else if constexpr (std::is_same_v<T, Quality>) {
    if (json.is_string()) {
      if (const auto value = parse_quality(json.template get_ref<const std::string&>())) {
        out = *value;
        return {};
      }
    }
    return detail::wrong_type(pointer, "an OPC UA quality such as Good");
  } else if constexpr (std::is_same_v<T, Duration> || std::is_same_v<T, Timestamp>) {
    if (!json.is_string())
      return detail::wrong_type(
          pointer, std::is_same_v<T, Duration> ? "a duration such as 500ms" : "an RFC 3339 time");
    const auto& text = json.template get_ref<const std::string&>();
    auto parsed = [&] {
      if constexpr (std::is_same_v<T, Duration>)
        return parse_duration(text);
      else
        return parse_rfc3339(text);
    }();
    if (!parsed) return fail(ErrorCode::kInvalid, parsed.error().message, pointer);
    out = *parsed;
    return {};
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!json.is_boolean()) return detail::wrong_type(pointer, "true or false");
    out = json.template get<bool>();
    return {};
  } else if constexpr (std::is_integral_v<T>) {
    const auto number = detail::integer_from_json(json, pointer);
    if (!number) return fail(number.error());
    if (!std::in_range<T>(*number)) return detail::wrong_type(pointer, "an integer in range");
    out = static_cast<T>(*number);
    return {};
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!json.is_number() || !std::isfinite(json.template get<T>()))
      return detail::wrong_type(pointer, "a finite number");
    out = json.template get<T>() + T{0};  // a negative zero would be a second spelling of the same value
    return {};
  } else {
    static_assert(std::is_same_v<T, std::string>, "this type has no JSON form");
    if (!json.is_string()) return detail::wrong_type(pointer, "a string");
    out = json.template get<std::string>();
    return {};
  }
}

template <class T>
Result<> from_json(const Json& json, std::optional<T>& out, const std::string& pointer) {
  T value{};
  if (auto read = from_json(json, value, pointer); !read) return read;
  out = std::move(value);
  return {};
}

template <class T>
Result<> from_json(const Json& json, std::vector<T>& out, const std::string& pointer) {
  if (!json.is_array()) return detail::wrong_type(pointer, "a list");
  out.clear();
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (auto read = from_json(json[i], out.emplace_back(), pointer + "/" + std::to_string(i)); !read)
      return read;
  }
  return {};
}

template <class T>
Result<> from_json(const Json& json, std::map<std::string, T>& out, const std::string& pointer) {
  if (!json.is_object()) return detail::wrong_type(pointer, "an object");
  out.clear();
  for (const auto& [key, item] : json.items()) {
    if (auto read = from_json(item, out[key], pointer + pointer_step(key)); !read) return read;
  }
  return {};
}

}  // namespace fieldline

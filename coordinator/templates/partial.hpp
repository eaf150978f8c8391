// Some of the fields of a model type, as a template or an override writes them, and which of them it
// locks: nothing derived may set a locked field again. Refuses fields that others give: the name is
// the member's key, the connection comes from a binding.
#pragma once

#include <bitset>
#include <map>
#include <string>
#include <string_view>

#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/json.hpp"

namespace fieldline::templates {

// Overloads for Partial stand beside those for all other types.
using fieldline::from_json;
using fieldline::to_json;

template <Described T>
struct Partial {
  using Fields = std::bitset<kFieldCount<T>>;

  T value;
  Fields given;  // by index in T::fields
  Fields locked;

  friend bool operator==(const Partial&, const Partial&) = default;
};

// The index in T::fields; kFieldCount<T> when there is no such field.
template <Described T>
constexpr std::size_t field_index(std::string_view name) {
  std::size_t found = kFieldCount<T>;
  for_each_field<T>([&](const auto& field, auto index) {
    if (field.name == name) found = index;
  });
  return found;
}

// Does a template write this field?
template <Described T>
constexpr bool is_authored(std::string_view field) {
  return field != "name" && !(std::is_same_v<T, Attribute> && field == "connection");
}

template <Described T>
Json to_json(const Partial<T>& partial) {
  auto object = Json::object();
  auto locked = Json::array();
  for_each_field<T>([&](const auto& field, auto index) {
    if (partial.given.test(index)) {
      const auto& member = partial.value.*(field.member);
      if constexpr (detail::kIsOptional<std::remove_cvref_t<decltype(member)>>) {
        object[std::string(field.name)] = member ? to_json(*member) : Json();
      } else {
        object[std::string(field.name)] = to_json(member);
      }
    }
    if (partial.locked.test(index)) locked.push_back(field.name);
  });
  if (!locked.empty()) object["locked"] = std::move(locked);
  return object;
}

namespace detail {

template <Described T>
Result<> read_locked(const Json& json, Partial<T>& out, const std::string& pointer) {
  std::vector<std::string> names;
  if (auto read = fieldline::from_json(json, names, pointer); !read) return read;
  for (const auto& name : names) {
    const auto index = field_index<T>(name);
    if (index == kFieldCount<T> || !is_authored<T>(name)) {
      return fail(ErrorCode::kInvalid, fmt::format("there is no field named '{}' to lock", name), pointer);
    }
    out.locked.set(index);
  }
  return {};
}

// null takes an optional field away again.
template <class Member>
Result<> read_member(const Json& json, Member& out, const std::string& pointer) {
  if constexpr (fieldline::detail::kIsOptional<Member>) {
    out.reset();
    if (json.is_null()) return {};
  }
  return fieldline::from_json(json, out, pointer);
}

}  // namespace detail

template <Described T>
Result<> from_json(const Json& json, Partial<T>& out, const std::string& pointer = "") {
  if (!json.is_object()) return fieldline::detail::wrong_type(pointer, "an object");
  for (const auto& [key, item] : json.items()) {
    const auto at = pointer + pointer_step(key);
    if (key == "locked") {
      if (auto read = detail::read_locked(item, out, at); !read) return read;
      continue;
    }
    bool known = false;
    Result<> outcome;
    for_each_field<T>([&](const auto& field, auto index) {
      if (field.name != key || !is_authored<T>(key)) return;
      known = true;
      out.given.set(index);
      outcome = detail::read_member(item, out.value.*(field.member), at);
    });
    if (!known) return fail(ErrorCode::kInvalid, fmt::format("there is no field named '{}' here", key), at);
    if (!outcome) return outcome;
  }
  return {};
}

}  // namespace fieldline::templates

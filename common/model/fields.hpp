// One definition of a type serves its MessagePack, its JSON and its fingerprint: the type lists
// its members once, as `fields`, in order of name. Readers and writers walk that list.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace fieldline {

template <class Owner, class Member>
struct Field {
  std::string_view name;
  Member Owner::*member;
  bool required;
};

// A member that every reader insists on.
template <class Owner, class Member>
constexpr Field<Owner, Member> required(std::string_view name, Member Owner::*member) {
  return {name, member, true};
}

// A member that keeps its default when the bytes do not bear it: older peers, shorter documents.
template <class Owner, class Member>
constexpr Field<Owner, Member> defaulted(std::string_view name, Member Owner::*member) {
  return {name, member, false};
}

// The list itself. Names must rise, because hashed bytes have sorted keys; compile-time checked.
template <class... F>
consteval std::tuple<F...> fields_in_order(F... field) {
  const std::array<std::string_view, sizeof...(F)> names{field.name...};
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (!(names[i - 1] < names[i])) throw "the fields of a type are listed in order of name";
  }
  return {field...};
}

template <class T>
concept Described = requires {
  T::fields;
};

template <Described T>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<std::remove_cvref_t<decltype(T::fields)>>;

// Calls visit(field, index) for each field of T, in order.
template <Described T, class Visit>
constexpr void for_each_field(Visit&& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::get<I>(T::fields), std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<kFieldCount<T>>{});
}

// The names of an enumeration's values, in order of their numbers; specialised beside each enum.
template <class E>
inline constexpr std::array<std::string_view, 0> kEnumNames{};

template <class E>
concept NamedEnum = std::is_enum_v<E> && kEnumNames<E>
.size() > 0;

template <NamedEnum E>
constexpr std::string_view name(E value) {
  return kEnumNames<E>[static_cast<std::size_t>(value)];
}

template <NamedEnum E>
constexpr std::optional<E> parse_enum(std::string_view text) {
  for (std::size_t i = 0; i < kEnumNames<E>.size(); ++i) {
    if (kEnumNames<E>[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace fieldline

// MessagePack of model types, walked from their `fields`: a described type is a map with sorted
// keys, a list an array, an enumeration its name, a Duration integer microseconds, an empty optional
// absent. encode() is canonical: equal values give equal bytes on every machine.
#pragma once

#include <fmt/format.h>

#include <bitset>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/fields.hpp"
#include "common/model/value.hpp"
#include "common/wire/packer.hpp"
#include "common/wire/tape.hpp"

namespace fieldline::wire {

namespace detail {

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;
template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsMap = false;
template <class T>
inline constexpr bool kIsMap<std::map<std::string, T>> = true;

void write_value(Packer& packer, const Value& value);

template <class T>
void write(Packer& packer, const T& value) {
  if constexpr (Described<T>) {
    std::size_t present = kFieldCount<T>;
    for_each_field<T>([&](const auto& field, auto) {
      if constexpr (kIsOptional<std::remove_cvref_t<decltype(value.*(field.member))>>) {
        if (!(value.*(field.member))) --present;
      }
    });
    packer.map(present);
    for_each_field<T>([&](const auto& field, auto) {
      const auto& member = value.*(field.member);
      if constexpr (kIsOptional<std::remove_cvref_t<decltype(member)>>) {
        if (!member) return;
        packer.text(field.name);
        write(packer, *member);
      } else {
        packer.text(field.name);
        write(packer, member);
      }
    });
  } else if constexpr (kIsList<T>) {
    packer.array(value.size());
    for (const auto& item : value) write(packer, item);
  } else if constexpr (kIsMap<T>) {
    packer.map(value.size());
    for (const auto& [key, item] : value) {
      packer.text(key);
      write(packer, item);
    }
  } else if constexpr (NamedEnum<T>) {
    packer.text(name(value));
  } else if constexpr (std::is_same_v<T, Quality>) {
    packer.unsigned_integer(static_cast<std::uint32_t>(value));
  } else if constexpr (std::is_same_v<T, Value>) {
    write_value(packer, value);
  } else if constexpr (std::is_same_v<T, Duration>) {
    packer.integer(value.count());
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    packer.timestamp(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    packer.boolean(value);
  } else if constexpr (std::is_integral_v<T>) {
    if constexpr (std::is_signed_v<T>)
      packer.integer(value);
    else
      packer.unsigned_integer(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    packer.real(value);
  } else {
    static_assert(std::is_same_v<T, std::string>, "this type has no MessagePack form");
    packer.text(value);
  }
}

// Reads nodes of a tape into values. On failure `why` and `where` say what did not fit; a success
// touches neither.
class Reader {
 public:
  explicit Reader(const Tape& tape) : tape_(tape) {}

  template <class T>
  bool read(std::uint64_t at, T& out) {
    if constexpr (Described<T>) {
      return read_fields(at, out);
    } else if constexpr (kIsOptional<T>) {
      return read(at, out.emplace());
    } else if constexpr (kIsList<T>) {
      return read_list(at, out);
    } else if constexpr (kIsMap<T>) {
      return read_map(at, out);
    } else if constexpr (NamedEnum<T>) {
      const auto& node = tape_[at];
      const auto value = node.kind == Node::Kind::kText ? parse_enum<T>(node.view()) : std::nullopt;
      if (!value) return refuse(fmt::format("expected one of {}", fmt::join(kEnumNames<T>, ", ")));
      out = *value;
      return true;
    } else if constexpr (std::is_same_v<T, Quality>) {
      std::uint32_t code = 0;
      if (!read(at, code)) return false;
      out = static_cast<Quality>(code);
      return true;
    } else if constexpr (std::is_same_v<T, Duration>) {
      std::int64_t micros = 0;
      if (!read(at, micros)) return false;
      out = Duration(micros);
      return true;
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      return read_integer(at, out);
    } else {
      return read_plain(at, out);
    }
  }

  [[nodiscard]] Error error() && {
    return Error{ErrorCode::kInvalid, std::move(why_), std::move(where_), {}};
  }

 private:
  bool refuse(std::string why);
  // Names the place on the way up from a refusal.
  bool inside(std::string_view step);

  bool read_plain(std::uint64_t at, bool& out);
  bool read_plain(std::uint64_t at, double& out);
  bool read_plain(std::uint64_t at, std::string& out);
  bool read_plain(std::uint64_t at, Timestamp& out);
  bool read_plain(std::uint64_t at, Value& out);

  template <class T>
  bool read_integer(std::uint64_t at, T& out) {
    const auto& node = tape_[at];
    if (node.kind == Node::Kind::kUnsigned && std::in_range<T>(node.natural)) {
      out = static_cast<T>(node.natural);
    } else if (node.kind == Node::Kind::kInteger && std::in_range<T>(node.integer)) {
      out = static_cast<T>(node.integer);
    } else {
      return refuse("expected an integer in range");
    }
    return true;
  }

  template <class T>
  bool read_list(std::uint64_t at, std::vector<T>& out) {
    const auto& node = tape_[at];
    if (node.kind != Node::Kind::kArray) return refuse("expected an array");
    out.resize(node.size);
    auto item = at + 1;
    for (std::size_t i = 0; i < out.size(); ++i, item = tape_.after(item)) {
      if (!read(item, out[i])) return inside(std::to_string(i));
    }
    return true;
  }

  template <class T>
  bool read_map(std::uint64_t at, std::map<std::string, T>& out) {
    const auto& node = tape_[at];
    if (node.kind != Node::Kind::kMap) return refuse("expected a map");
    out.clear();
    auto key = at + 1;
    for (std::uint32_t i = 0; i < node.size; ++i, key = tape_.after(key + 1)) {
      const auto text = tape_[key].view();
      if (!read(key + 1, out.emplace_hint(out.end(), text, T{})->second)) return inside(text);
    }
    return true;
  }

  // Unknown keys are passed over: they come from a newer peer.
  template <class T>
  bool read_fields(std::uint64_t at, T& out) {
    const auto& node = tape_[at];
    if (node.kind != Node::Kind::kMap) return refuse("expected a map");
    std::bitset<kFieldCount<T>> seen;
    std::uint64_t key = at + 1;
    std::uint32_t left = node.size;
    bool good = true;
    const auto take_matching = [&](const auto& field, auto index) {
      if (!good || left == 0 || seen.test(index) || tape_[key].view() != field.name) return;
      seen.set(index);
      good = read(key + 1, out.*(field.member)) || inside(field.name);
      key = tape_.after(key + 1);
      --left;
    };
    // One sweep reads a map whose keys are sorted as ours are; another order takes more sweeps.
    while (good && left > 0) {
      const auto before = left;
      for_each_field<T>(take_matching);
      if (good && left == before) {
        key = tape_.after(key + 1);
        --left;
      }
    }
    if (good) {
      for_each_field<T>([&](const auto& field, auto index) {
        if (good && field.required && !seen.test(index)) {
          good = refuse(fmt::format("the field '{}' is missing", field.name));
        }
      });
    }
    return good;
  }

  const Tape& tape_;
  std::string why_;
  std::string where_;
};

}  // namespace detail

template <class T>
std::string encode(const T& value) {
  Packer packer;
  detail::write(packer, value);
  return packer.take();
}

// Adds what encode() gives to `bytes`.
template <class T>
void append(std::string& bytes, const T& value) {
  Packer packer(std::move(bytes));
  detail::write(packer, value);
  bytes = packer.take();
}

// `bytes` as one T and nothing else. An error names the place: "/alarms/3/priority".
template <class T>
Result<T> decode(std::string_view bytes) {
  const auto tape = Tape::parse(bytes);
  if (!tape) return fail(tape.error());
  T value{};
  detail::Reader reader(*tape);
  if (!reader.read(0, value)) return fail(std::move(reader).error());
  return value;
}

}  // namespace fieldline::wire

// Writes MessagePack in the one form that Fieldline hashes: integers in their shortest form, floats
// always as float64 (0xcb), a timestamp as extension 1 with its microseconds as 8 bytes, big-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/time.hpp"

namespace fieldline::wire {

// Extension types in use. Numbers are never reused.
inline constexpr std::int8_t kTimestampExtension = 1;

class Packer {
 public:
  // Goes on after `bytes`.
  explicit Packer(std::string bytes = {}) : bytes_(std::move(bytes)) {}

  void nil();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  void text(std::string_view value);
  void timestamp(Timestamp value);
  // Followed by `count` items, or `count` pairs of key and item.
  void array(std::size_t count);
  void map(std::size_t count);
  // What another Packer wrote.
  void written(std::string_view bytes) { bytes_ += bytes; }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace fieldline::wire

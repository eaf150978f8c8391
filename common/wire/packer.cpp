#include "common/wire/packer.hpp"

#include <array>
#include <bit>
#include <msgpack.hpp>

namespace fieldline::wire {
namespace {

// msgpack-c's view of the string that a Packer fills.
struct Sink {
  std::string& bytes;
  void write(const char* data, std::size_t size) { bytes.append(data, size); }
};

msgpack::packer<Sink> pack_into(Sink& sink) {
  return msgpack::packer<Sink>(sink);
}

std::array<char, 8> big_endian(std::uint64_t value) {
  std::array<char, 8> bytes{};
  for (int i = 7; i >= 0; --i, value >>= 8)
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xFF);
  return bytes;
}

}  // namespace

void Packer::nil() {
  Sink sink{bytes_};
  pack_into(sink).pack_nil();
}

void Packer::boolean(bool value) {
  Sink sink{bytes_};
  value ? pack_into(sink).pack_true() : pack_into(sink).pack_false();
}

void Packer::integer(std::int64_t value) {
  Sink sink{bytes_};
  pack_into(sink).pack_int64(value);
}

void Packer::unsigned_integer(std::uint64_t value) {
  Sink sink{bytes_};
  pack_into(sink).pack_uint64(value);
}

// By hand: the library packs an integral double as an integer, and -0.0 as 0.
void Packer::real(double value) {
  bytes_ += static_cast<char>(0xcb);
  const auto bits = big_endian(std::bit_cast<std::uint64_t>(value));
  bytes_.append(bits.data(), bits.size());
}

void Packer::text(std::string_view value) {
  Sink sink{bytes_};
  auto packer = pack_into(sink);
  packer.pack_str(static_cast<std::uint32_t>(value.size()));
  packer.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
}

void Packer::timestamp(Timestamp value) {
  Sink sink{bytes_};
  const auto micros = big_endian(static_cast<std::uint64_t>(value.time_since_epoch().count()));
  auto packer = pack_into(sink);
  packer.pack_ext(micros.size(), kTimestampExtension);
  packer.pack_ext_body(micros.data(), micros.size());
}

void Packer::array(std::size_t count) {
  Sink sink{bytes_};
  pack_into(sink).pack_array(static_cast<std::uint32_t>(count));
}

void Packer::map(std::size_t count) {
  Sink sink{bytes_};
  pack_into(sink).pack_map(static_cast<std::uint32_t>(count));
}

}  // namespace fieldline::wire

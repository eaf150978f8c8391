#include "agent/journal/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace fieldline::journal {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected
constexpr std::size_t kSlices = 8;
using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Eight bytes a step, by eight tables: several times as fast as one.
std::uint32_t by_tables(std::string_view bytes, std::uint32_t crc) {
  std::size_t at = 0;
  for (; at + kSlices <= bytes.size(); at += kSlices) {
    std::uint32_t next = 0;
    for (std::size_t i = 0; i < 4; ++i)
      next ^= kTables[kSlices - 1 - i][byte_at(bytes, at + i) ^ ((crc >> (8 * i)) & 0xFF)];
    for (std::size_t i = 4; i < kSlices; ++i) next ^= kTables[kSlices - 1 - i][byte_at(bytes, at + i)];
    crc = next;
  }
  for (; at < bytes.size(); ++at) crc = (crc >> 8) ^ kTables[0][(crc ^ byte_at(bytes, at)) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
// The processor's own instruction: a tenth of the time.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes, std::uint32_t crc) {
  std::uint64_t wide = crc;
  std::size_t at = 0;
  for (; at + kSlices <= bytes.size(); at += kSlices) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; at < bytes.size(); ++at) crc = __builtin_ia32_crc32qi(crc, static_cast<unsigned char>(bytes[at]));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  if (has_instruction) return ~by_instruction(bytes, ~before);
#endif
  return ~by_tables(bytes, ~before);
}

std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t before) {
  return ~by_tables(bytes, ~before);
}

}  // namespace fieldline::journal

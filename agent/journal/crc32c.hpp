// CRC-32C (Castagnoli), as RFC 3720 has it: finds what a disk or memory changed, not what a person did.
#pragma once

#include <cstdint>
#include <string_view>

namespace fieldline::journal {

// Of `bytes`; or of what `before` was computed from, followed by `bytes`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);
// The same on any processor.
std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t before = 0);

}  // namespace fieldline::journal

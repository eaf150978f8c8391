// BLAKE2b-256 (RFC 7693), the fingerprint of everything that Fieldline compares by content.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fieldline {

// 64 lower-case hex digits.
std::string blake2b_hex(std::string_view bytes);
// Equal, in a time that depends on the lengths only: for secrets.
bool equal_in_constant_time(std::string_view a, std::string_view b);
// Lower-case hex of `bytes`.
std::string to_hex(std::string_view bytes);
// The bytes; empty when the text is no hex, whole.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace fieldline

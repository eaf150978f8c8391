// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fieldline {

bool is_utf8(std::string_view bytes);
// At most `bytes` of it, and no character in part.
std::string_view cut_utf8(std::string_view text, std::size_t bytes);
// Each U+0000 as U+2400, its picture. Databases get such: PostgreSQL has no U+0000, and SOCI ends a text
// there.
std::string without_nul(std::string_view text);

}  // namespace fieldline

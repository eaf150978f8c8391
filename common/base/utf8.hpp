// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing past U+10FFFF.
#pragma once

#include <string_view>

namespace fieldline {

bool is_utf8(std::string_view bytes);

}  // namespace fieldline

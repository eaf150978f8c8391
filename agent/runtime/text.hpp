// What scripts and field devices call text may be any bytes; what leaves an instance is UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fieldline::runtime {

// `bytes` with each one that is not part of well-formed UTF-8 (RFC 3629) replaced by U+FFFD, cut
// between characters to at most `limit` bytes. Equal to `bytes` when there was nothing to mend.
std::string clean_text(std::string_view bytes, std::size_t limit);

}  // namespace fieldline::runtime

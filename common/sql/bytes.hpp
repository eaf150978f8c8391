// Bytes in and out of BLOB columns. SOCI binds std::string as text, which is wrong for bytes.
#pragma once

#include <soci/soci.h>

#include <string>
#include <string_view>

namespace fieldline::sql {

// Fills `blob`, for soci::use. `bytes` may not be empty: SOCI would bind it as NULL.
void put_bytes(soci::blob& blob, std::string_view bytes);
// What soci::into read; empty for NULL.
std::string take_bytes(soci::blob& blob);

}  // namespace fieldline::sql

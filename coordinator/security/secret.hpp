// Secrets that Fieldline makes: 256 random bits from libsodium, as text. Of each only the hash is kept.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline::security {

// `prefix` and 43 characters of base64url; the prefix lets people, and scanners of leaked secrets, see
// what it is.
Result<std::string> make_secret(std::string_view prefix);
// Overwrites `secret` and empties it.
void wipe(std::string& secret);

}  // namespace fieldline::security

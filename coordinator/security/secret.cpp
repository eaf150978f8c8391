#include "coordinator/security/secret.hpp"

#include <sodium.h>

#include <array>

namespace fieldline::security {

Result<std::string> make_secret(std::string_view prefix) {
  if (sodium_init() < 0) return fail(ErrorCode::kInternal, "libsodium has no source of randomness");
  std::array<unsigned char, 32> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text{};
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(),
                    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  std::string secret = std::string(prefix) + text.data();
  sodium_memzero(random.data(), random.size());
  sodium_memzero(text.data(), text.size());
  return secret;
}

void wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace fieldline::security

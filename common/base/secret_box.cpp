#include "common/base/secret_box.hpp"

#include <sodium.h>

#include <array>
#include <utility>

#include "common/base/check.hpp"
#include "common/base/file.hpp"
#include "common/base/hash.hpp"

namespace fieldline {
namespace {

constexpr std::size_t kKey = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr std::size_t kHexKey = 2 * kKey;

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

Failure not_a_key(const std::filesystem::path& path) {
  return fail(ErrorCode::kCorrupt,
              "the file does not hold a key of 64 hex digits; restore it, or remove it to get a new one, "
              "which opens nothing that was sealed before",
              path.string());
}

Result<std::string> load(const std::filesystem::path& path) {
  auto text = read_private_file(path, kHexKey + 1);
  if (!text && text.error().code == ErrorCode::kTooLarge) return not_a_key(path);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  std::string key(kKey, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  const int parsed = sodium_hex2bin(raw(key), key.size(), text->data(), text->size(), nullptr, &length, &end);
  const bool whole = parsed == 0 && length == kKey && end == text->data() + text->size();
  sodium_memzero(text->data(), text->size());
  if (!whole) return not_a_key(path);
  return key;
}

}  // namespace

Result<SecretBox> SecretBox::load_or_create(const std::filesystem::path& path) {
  FIELDLINE_CHECK(sodium_init() >= 0);
  auto key = load(path);
  if (key) return SecretBox(std::move(*key));
  if (key.error().code != ErrorCode::kNotFound) return fail(std::move(key.error()));
  auto fresh = generate();
  auto line = to_hex(fresh.key_) + "\n";
  const auto saved = write_file(path, line, FileMode::kPrivate, Existing::kKeep);
  sodium_memzero(line.data(), line.size());
  if (saved) return fresh;
  // Another process may have been quicker; then its key counts.
  if (saved.error().code != ErrorCode::kConflict) return fail(saved.error());
  key = load(path);
  if (!key) return fail(std::move(key.error()));
  return SecretBox(std::move(*key));
}

SecretBox SecretBox::generate() {
  FIELDLINE_CHECK(sodium_init() >= 0);
  std::string key(kKey, '\0');
  randombytes_buf(key.data(), key.size());
  return SecretBox(std::move(key));
}

SecretBox::~SecretBox() {
  sodium_memzero(key_.data(), key_.size());
}

// nonce ‖ ciphertext ‖ tag
std::string SecretBox::seal(std::string_view plain, std::string_view purpose) const {
  std::string sealed(kNonce + plain.size() + kTag, '\0');
  randombytes_buf(sealed.data(), kNonce);
  const int done = crypto_aead_xchacha20poly1305_ietf_encrypt(raw(sealed) + kNonce, nullptr, raw(plain),
                                                              plain.size(), raw(purpose), purpose.size(),
                                                              nullptr, raw(sealed), raw(key_));
  FIELDLINE_CHECK(done == 0);
  return sealed;
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view purpose) const {
  const auto refuse = [] {
    return fail(ErrorCode::kCorrupt, "it was sealed under another key or as something else, or is damaged");
  };
  if (sealed.size() < kNonce + kTag) return refuse();
  std::string plain(sealed.size() - kNonce - kTag, '\0');
  const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
      raw(plain), nullptr, nullptr, raw(sealed) + kNonce, sealed.size() - kNonce, raw(purpose),
      purpose.size(), raw(sealed), raw(key_));
  if (opened != 0) return refuse();
  return plain;
}

std::string SecretBox::keyed_hash(std::string_view text, std::string_view purpose) const {
  std::array<unsigned char, 32> digest{};
  crypto_generichash_state state{};
  crypto_generichash_init(&state, raw(key_), key_.size(), digest.size());
  // The length keeps a purpose and a text from being read as another pair.
  const auto prefix = std::to_string(purpose.size()) + ":";
  crypto_generichash_update(&state, raw(std::string_view(prefix)), prefix.size());
  crypto_generichash_update(&state, raw(purpose), purpose.size());
  crypto_generichash_update(&state, raw(text), text.size());
  crypto_generichash_final(&state, digest.data(), digest.size());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace fieldline

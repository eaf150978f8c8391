#include "common/net/key_pair.hpp"

#include <sodium.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/check.hpp"
#include "common/base/file.hpp"
#include "common/base/hash.hpp"

namespace fieldline::net {
namespace {

constexpr std::size_t kKeyCharacters = 40;
constexpr std::string_view kZ85Alphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
using KeyText = std::array<char, kKeyCharacters + 1>;

Failure not_one_key(const std::filesystem::path& path) {
  return fail(ErrorCode::kCorrupt,
              "the key file does not hold one secret key, 40 characters of Z85; restore it, or remove it to "
              "get a new identity",
              path.string());
}

}  // namespace

KeyPair::KeyPair(std::string public_key, std::string secret_key)
    : public_key_(std::move(public_key)), secret_key_(std::move(secret_key)) {}

KeyPair::~KeyPair() {
  sodium_memzero(secret_key_.data(), secret_key_.size());
}

KeyPair KeyPair::generate() {
  KeyText public_key{};
  KeyText secret_key{};
  FIELDLINE_CHECK(zmq_curve_keypair(public_key.data(), secret_key.data()) == 0);
  KeyPair keys(public_key.data(), secret_key.data());
  sodium_memzero(secret_key.data(), secret_key.size());
  return keys;
}

Result<KeyPair> KeyPair::load(const std::filesystem::path& path) {
  // A key and its line end.
  auto read = read_private_file(path, kKeyCharacters + 1);
  if (!read && read.error().code == ErrorCode::kTooLarge) return not_one_key(path);
  if (!read) return fail(std::move(read.error()));
  auto text = std::move(*read);
  if (text.ends_with('\n')) text.pop_back();
  KeyPair keys({}, std::move(text));
  KeyText public_key{};
  if (!is_key(keys.secret_key_) || zmq_curve_public(public_key.data(), keys.secret_key_.c_str()) != 0) {
    return not_one_key(path);
  }
  keys.public_key_ = public_key.data();
  return keys;
}

Result<> KeyPair::save(const std::filesystem::path& path) const {
  auto line = secret_key_ + "\n";
  auto written = write_file(path, line, FileMode::kPrivate, Existing::kKeep);
  sodium_memzero(line.data(), line.size());
  return written;
}

Result<KeyPair> KeyPair::load_or_create(const std::filesystem::path& path) {
  auto loaded = load(path);
  if (loaded || loaded.error().code != ErrorCode::kNotFound) return loaded;
  auto created = generate();
  if (auto saved = created.save(path); saved) return created;
  // Another process may have been quicker; then its key is the node's, and if not, load() says why.
  else if (saved.error().code != ErrorCode::kConflict)
    return fail(std::move(saved.error()));
  return load(path);
}

bool is_key(std::string_view key) {
  if (key.size() != kKeyCharacters || key.find_first_not_of(kZ85Alphabet) != std::string_view::npos)
    return false;
  // Five characters can say more than 32 bits; libzmq refuses that.
  KeyText text{};
  std::copy(key.begin(), key.end(), text.begin());
  std::array<std::uint8_t, 32> raw{};
  const bool fits = zmq_z85_decode(raw.data(), text.data()) != nullptr;
  sodium_memzero(text.data(), text.size());
  sodium_memzero(raw.data(), raw.size());
  return fits;
}

std::string fingerprint(std::string_view public_key) {
  return blake2b_hex(public_key).substr(0, 16);
}

}  // namespace fieldline::net

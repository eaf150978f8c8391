// The CURVE identity of a node: 32-byte Curve25519 keys, written in Z85 (RFC 32), 40 characters. A
// file holds the secret key alone; the secret is never logged, and wiped when its owner goes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline::net {

class KeyPair {
 public:
  static KeyPair generate();
  // Refuses a file that anyone but this process's user could read, write or have written.
  static Result<KeyPair> load(const std::filesystem::path& path);
  // Writes the file whole or not at all, mode 0600, and waits until the disk has it. Never replaces
  // a file: kConflict.
  Result<> save(const std::filesystem::path& path) const;
  // For a first start: what the file holds, or a new pair that it holds from now on.
  static Result<KeyPair> load_or_create(const std::filesystem::path& path);

  KeyPair(const KeyPair&) = default;
  KeyPair(KeyPair&&) = default;
  KeyPair& operator=(const KeyPair&) = delete;
  KeyPair& operator=(KeyPair&&) = delete;
  ~KeyPair();

  [[nodiscard]] const std::string& public_key() const { return public_key_; }
  [[nodiscard]] const std::string& secret_key() const { return secret_key_; }

 private:
  KeyPair(std::string public_key, std::string secret_key);

  std::string public_key_;
  std::string secret_key_;
};

// Is `key` 40 characters of Z85?
bool is_key(std::string_view key);
// 16 hex digits that two people can compare by voice.
std::string fingerprint(std::string_view public_key);

}  // namespace fieldline::net

// Keeps secrets at rest: XChaCha20-Poly1305 under the key of one file. What was sealed opens only under
// the same key, whole, and as what it was sealed. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline {

class SecretBox {
 public:
  // The key in the file, 64 hex digits, mode 0600; a missing file is made, with a new key. An error names
  // the file.
  static Result<SecretBox> load_or_create(const std::filesystem::path& path);
  // A key that is kept nowhere.
  static SecretBox generate();
  SecretBox(SecretBox&&) noexcept = default;
  SecretBox& operator=(SecretBox&&) noexcept = default;
  ~SecretBox();

  // `purpose` says what it is, and is not secret: sealed bytes can't be passed off as something else.
  [[nodiscard]] std::string seal(std::string_view plain, std::string_view purpose) const;
  // kCorrupt: another key, another purpose, or damaged.
  [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view purpose) const;
  // What `text` alone does not give away, though it is the same each time: 64 hex digits.
  [[nodiscard]] std::string keyed_hash(std::string_view text, std::string_view purpose) const;

 private:
  explicit SecretBox(std::string key) : key_(std::move(key)) {}

  std::string key_;  // 32 bytes
};

}  // namespace fieldline

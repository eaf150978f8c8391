// Small files that are there whole or not at all: keys, tokens, port numbers. Blocks on the disk: for
// starting up.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.hpp"

namespace fieldline {

// A descriptor that is closed with its owner.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool write(std::string_view bytes) const;
  [[nodiscard]] bool sync() const;

 private:
  const int descriptor_;
};

enum class FileMode : unsigned { kPrivate = 0600, kPublic = 0644 };
enum class Existing { kReplace, kKeep };

// Durable once it returns. kConflict: it exists and is to be kept; kIo names the step that failed.
Result<> write_file(const std::filesystem::path& path, std::string_view bytes, FileMode mode,
                    Existing existing);

// The bytes of a file that holds a secret. kForbidden unless it is a plain file of this user with mode
// 0600; kNotFound; kTooLarge over `limit` bytes.
Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t limit);

// Makes the directory, and those above it, where they are missing; mode 0700.
Result<> make_private_directory(const std::filesystem::path& path);

// A failure of the operating system: what was tried, and what it says in errno.
Failure io_failure(std::string_view what, const std::filesystem::path& path);

}  // namespace fieldline

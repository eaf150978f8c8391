#include "common/sql/log_file.hpp"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace fieldline::sql {
namespace {

// SQLite's file format, section 4.
constexpr std::size_t kLogHead = 32;
constexpr std::size_t kFrameHead = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // and one more where the checks are of big-endian words
constexpr std::size_t kPage = 4096;           // where the head of the log does not tell
constexpr std::size_t kLargestPage = 65536;

std::uint32_t word(std::string_view bytes, std::size_t at, bool big = true) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + (big ? i : 3 - i)]);
  }
  return value;
}

// Runs over all that was checked before.
struct Check {
  bool big = false;
  std::uint32_t one = 0;
  std::uint32_t two = 0;

  void add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      one += word(bytes, at, big) + two;
      two += word(bytes, at + 4, big) + one;
    }
  }
  [[nodiscard]] bool is(std::string_view bytes, std::size_t at) const {
    return word(bytes, at) == one && word(bytes, at + 4) == two;
  }
};

class Log {
 public:
  explicit Log(std::ifstream& stream) : stream_(stream) {}

  // Read as far as the checks go, then on: a transaction is written when the one before it is on the disk, so
  // of what was cut off in mid-write there is at most one.
  [[nodiscard]] bool lost_some() {
    if (!read(kLogHead)) return false;
    read_head();
    bool is_whole = is_head_whole_;
    bool is_over = false;  // the transaction in which it broke
    std::optional<std::string> salt;
    if (is_whole) salt = salt_;
    while (read(kFrameHead + page_)) {
      is_whole = is_whole && is_frame_whole();
      if (is_whole) continue;
      const auto own = bytes_.substr(8, 8);
      const bool commits = word(bytes_, 4) != 0;
      if (!commits) continue;
      if (!salt) salt = own;
      if (own != *salt) continue;
      if (is_over) return true;
      is_over = true;
    }
    return false;
  }

 private:
  bool read(std::size_t count) {
    bytes_.resize(count);
    stream_.read(bytes_.data(), static_cast<std::streamsize>(count));
    return stream_.gcount() == static_cast<std::streamsize>(count);
  }

  void read_head() {
    check_.big = (word(bytes_, 0) & 1) != 0;
    check_.add(std::string_view(bytes_).substr(0, 24));
    const auto page = word(bytes_, 8);
    is_head_whole_ = (word(bytes_, 0) & ~1U) == kMagic && page <= kLargestPage && check_.is(bytes_, 24);
    salt_ = bytes_.substr(16, 8);
    if (is_head_whole_) page_ = page;
  }

  bool is_frame_whole() {
    if (bytes_.substr(8, 8) != salt_) return false;
    check_.add(std::string_view(bytes_).substr(0, 8));
    check_.add(std::string_view(bytes_).substr(kFrameHead));
    return check_.is(bytes_, 16);
  }

  std::ifstream& stream_;
  std::string bytes_;
  std::string salt_;  // new each time that the log begins again; what stands behind it is of an earlier time
  Check check_;
  std::size_t page_ = kPage;
  bool is_head_whole_ = false;
};

}  // namespace

Result<> check_log(const std::filesystem::path& database) {
  const auto file = database.string() + "-wal";
  std::error_code error;
  // SQLite removes a log that has no database.
  if (!std::filesystem::exists(database, error) || !std::filesystem::exists(file, error)) return {};
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorCode::kIo, "the log of the database can't be read", file);
  if (!Log(stream).lost_some()) return {};
  return fail(ErrorCode::kCorrupt, "the log of the database is damaged before its end", file);
}

}  // namespace fieldline::sql

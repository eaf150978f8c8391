// What makes a change of the log visible: each entry bears a keyed BLAKE2b-256 over the code of the
// entry before and its own fields. Without the key, which is not in the database, nobody can make one.
// Immutable once made; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.hpp"
#include "coordinator/audit/entry.hpp"

namespace fieldline::audit {

class Key {
 public:
  // The file holds 64 hex digits. kNotFound; kForbidden when others could read it; kCorrupt.
  static Result<Key> load(const std::filesystem::path& path);
  // Makes the file, mode 0600. kConflict: there is one.
  static Result<Key> create(const std::filesystem::path& path);
  ~Key();
  Key(const Key&) = default;
  Key& operator=(const Key&) = default;

  // Of an entry that follows the one with the code `previous`, empty: it is the first. Hex.
  [[nodiscard]] std::string mac(std::string_view previous, const Entry& entry) const;

 private:
  Key() = default;

  std::array<unsigned char, 32> bytes_{};
};

// The end of the chain.
struct Head {
  std::int64_t sequence = 0;  // 0: no entry yet
  std::string mac;

  friend bool operator==(const Head&, const Head&) = default;
};

// The small file beside the key that remembers the end, so that a log cut at its end is seen.
std::filesystem::path head_file(const std::filesystem::path& key_file);
// Empty: there is no such file. kCorrupt.
Result<std::optional<Head>> read_head(const std::filesystem::path& file);
Result<> write_head(const std::filesystem::path& file, const Head& head);

}  // namespace fieldline::audit

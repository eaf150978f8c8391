// A disk in memory that loses its power: what was synced stays, and of what was not synced anything may
// have arrived: none, all, some in any order, parts of a write. A world of one seed, and every cut in it,
// comes out the same each time. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.hpp"

namespace fieldline::powerloss {

// What a disk writes whole, where the power stays on. Databases are told more by their file system, and may
// not count on it.
inline constexpr std::size_t kSector = 512;

enum class Call { kWrite, kTruncate, kSync, kCreate, kRemove };

class Disk {
 public:
  // Something that changes `content` at `offset`, or cuts it to that size.
  struct Change {
    Call call = Call::kWrite;
    std::size_t offset = 0;
    std::string bytes;
  };
  struct File {
    std::string content;  // as programs read it
    std::string synced;   // as it is on the disk for certain
    std::vector<Change> unsynced;
    std::vector<std::unique_ptr<char[]>> shared;  // memory that the programs which have it open share
    bool open = false;
  };
  using FileRef = std::shared_ptr<File>;
  // Where the power went.
  struct Strike {
    Call call = Call::kWrite;
    std::string name;
  };

  explicit Disk(std::uint64_t seed) : random_(seed) {}
  // One whose power stays, so that it need not know what was synced.
  Disk() : Disk(0) { is_steady_ = true; }

  // The power goes in the middle of the call of this number from now, 1 being the next.
  void cut_at(std::uint64_t call) { left_ = call; }
  [[nodiscard]] bool dark() const { return strike_.has_value(); }
  [[nodiscard]] const std::optional<Strike>& strike() const { return strike_; }
  // Decides what of the unsynced arrived; that is then all there is. Nothing cuts until cut_at. Files that
  // were open in the dark are strangers to this disk from now on.
  void power_on();

  // False, here and below: the power is gone.
  [[nodiscard]] bool write(const std::string& name, File& file, std::size_t offset, std::string_view bytes);
  [[nodiscard]] bool truncate(const std::string& name, File& file, std::size_t size);
  // With `entries` the files that were created and removed before stay so too: their directory is synced.
  [[nodiscard]] bool sync(const std::string& name, File& file, bool entries);
  [[nodiscard]] bool remove(const std::string& name, bool entries);
  // Nothing: the power is gone.
  FileRef create(const std::string& name);
  // Nothing: there is no such file.
  [[nodiscard]] FileRef find(const std::string& name) const;

 private:
  using Entries = std::map<std::string, FileRef>;
  struct EntryChange {
    std::string name;
    FileRef file;  // nothing: it was removed
  };

  // Counts the call; true when the power goes in it.
  bool strikes(Call call, const std::string& name);
  void sync_entries();
  void settle_entries();
  void settle(File& file);
  void tear(std::string& content, const Change& change);

  Random random_;
  bool is_steady_ = false;
  std::uint64_t left_ = 0;  // 0: no cut
  std::optional<Strike> strike_;
  Entries entries_;
  Entries synced_entries_;
  std::vector<EntryChange> unsynced_entries_;
};

}  // namespace fieldline::powerloss

#include "tests/powerloss/disk.hpp"

#include <algorithm>
#include <utility>

namespace fieldline::powerloss {
namespace {

void put(std::string& content, std::size_t offset, std::string_view bytes, char hole = '\0') {
  const auto end = offset + bytes.size();
  if (content.size() < end) content.resize(end, hole);
  content.replace(offset, bytes.size(), bytes);
}

void cut(std::string& content, std::size_t size) {
  if (size < content.size()) content.resize(size);
}

void put(std::string& content, const Disk::Change& change, char hole = '\0') {
  if (change.call == Call::kTruncate) return cut(content, change.offset);
  put(content, change.offset, change.bytes, hole);
}

// How the unsynced changes of one file reached the disk.
enum class Course { kNone, kAll, kInOrder, kInAnyOrder };

}  // namespace

bool Disk::strikes(Call call, const std::string& name) {
  if (left_ == 0 || --left_ > 0) return false;
  strike_ = Strike{call, name};
  return true;
}

bool Disk::write(const std::string& name, File& file, std::size_t offset, std::string_view bytes) {
  if (dark()) return false;
  put(file.content, offset, bytes);
  if (is_steady_) return true;
  file.unsynced.push_back({Call::kWrite, offset, std::string(bytes)});
  return !strikes(Call::kWrite, name);
}

bool Disk::truncate(const std::string& name, File& file, std::size_t size) {
  if (dark()) return false;
  cut(file.content, size);
  if (is_steady_) return true;
  file.unsynced.push_back({Call::kTruncate, size, {}});
  return !strikes(Call::kTruncate, name);
}

bool Disk::sync(const std::string& name, File& file, bool entries) {
  if (dark() || strikes(Call::kSync, name)) return false;
  for (const auto& change : file.unsynced) put(file.synced, change);
  file.unsynced.clear();
  if (entries) sync_entries();
  return true;
}

bool Disk::remove(const std::string& name, bool entries) {
  if (dark()) return false;
  entries_.erase(name);
  unsynced_entries_.push_back({name, nullptr});
  if (strikes(Call::kRemove, name)) return false;
  if (entries) sync_entries();
  return true;
}

Disk::FileRef Disk::create(const std::string& name) {
  if (dark()) return nullptr;
  auto file = std::make_shared<File>();
  entries_[name] = file;
  unsynced_entries_.push_back({name, file});
  return strikes(Call::kCreate, name) ? nullptr : file;
}

Disk::FileRef Disk::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second;
}

void Disk::sync_entries() {
  for (auto& change : unsynced_entries_) {
    if (change.file) {
      synced_entries_[change.name] = std::move(change.file);
    } else {
      synced_entries_.erase(change.name);
    }
  }
  unsynced_entries_.clear();
}

void Disk::power_on() {
  settle_entries();
  // Copies: what still holds a file from before the cut can't reach what is on the disk now.
  for (auto& [name, file] : entries_) {
    auto found = std::make_shared<File>();
    found->synced = std::move(file->synced);
    found->unsynced = std::move(file->unsynced);
    settle(*found);
    file = std::move(found);
  }
  synced_entries_ = entries_;
  left_ = 0;
  strike_.reset();
}

// Of each name the changes arrive in their order, but one name's know nothing of another's.
void Disk::settle_entries() {
  std::map<std::string, std::vector<EntryChange>> by_name;
  for (auto& change : unsynced_entries_) by_name[change.name].push_back(std::move(change));
  unsynced_entries_.clear();
  for (auto& [name, changes] : by_name) {
    changes.resize(random_.below(changes.size() + 1));
    for (auto& change : changes) unsynced_entries_.push_back(std::move(change));
  }
  sync_entries();
  entries_ = synced_entries_;
}

void Disk::settle(File& file) {
  const auto course = static_cast<Course>(random_.below(4));
  const auto whole = random_.below(file.unsynced.size() + 1);
  const char hole = random_.below(2) == 0 ? '\0' : '\x5a';
  for (std::size_t i = 0; i < file.unsynced.size() && course != Course::kNone; ++i) {
    const auto& change = file.unsynced[i];
    if (course == Course::kAll || (course == Course::kInOrder && i < whole)) {
      put(file.synced, change, hole);
    } else if (course == Course::kInOrder) {
      tear(file.synced, change);
      break;
    } else {
      const auto fate = random_.below(3);
      if (fate == 0) put(file.synced, change, hole);
      if (fate == 1) tear(file.synced, change);
    }
  }
  file.unsynced.clear();
  file.content = file.synced;
}

// Each sector of the write by itself: as it was, as it was to be, or neither. Bytes beside those written
// stay as they were, which SQLite counts on (SQLITE_IOCAP_POWERSAFE_OVERWRITE, set on Linux).
void Disk::tear(std::string& content, const Change& change) {
  if (change.call == Call::kTruncate) {
    if (random_.below(2) == 0) put(content, change);
    return;
  }
  const auto end = change.offset + change.bytes.size();
  for (auto at = change.offset; at < end;) {
    const auto next = std::min(end, (at / kSector + 1) * kSector);
    auto bytes = change.bytes.substr(at - change.offset, next - at);
    const auto fate = random_.below(8);
    if (fate == 0) {
      for (auto& byte : bytes) byte = static_cast<char>(random_.below(256));
    }
    if (fate < 5) put(content, {Call::kWrite, at, std::move(bytes)});
    at = next;
  }
}

}  // namespace fieldline::powerloss

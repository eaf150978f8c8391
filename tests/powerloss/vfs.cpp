#include "tests/powerloss/vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline::powerloss {
namespace {

// SQLite's own for Linux answers the same (os_unix.c).
constexpr int kSectorSize = 4096;
constexpr int kTraits = SQLITE_IOCAP_POWERSAFE_OVERWRITE;
constexpr int kLongestPath = 512;

struct OpenFile {
  sqlite3_file base{};  // first: SQLite has a pointer to it
  Disk* disk = nullptr;
  Disk::FileRef file;
  std::string name;
  // As os_unix.c: the first sync of a journal or write-ahead log syncs the directory too.
  bool entries_unsynced = false;
};

OpenFile& of(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}
Disk& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<Disk*>(vfs->pAppData);
}

int close_file(sqlite3_file* handle) {
  auto& open = of(handle);
  open.file->open = false;
  open.file->shared.clear();
  open.~OpenFile();
  return SQLITE_OK;
}

int read_file(sqlite3_file* handle, void* into, int count, sqlite3_int64 offset) {
  const auto& open = of(handle);
  if (open.disk->dark()) return SQLITE_IOERR_READ;
  const auto& content = open.file->content;
  const auto wanted = static_cast<std::size_t>(count);
  const auto from = std::min(static_cast<std::size_t>(offset), content.size());
  const auto there = std::min(wanted, content.size() - from);
  std::memcpy(into, content.data() + from, there);
  std::memset(static_cast<char*>(into) + there, 0, wanted - there);
  return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write_file(sqlite3_file* handle, const void* bytes, int count, sqlite3_int64 offset) {
  auto& open = of(handle);
  const std::string_view text(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
  return open.disk->write(open.name, *open.file, static_cast<std::size_t>(offset), text) ? SQLITE_OK
                                                                                         : SQLITE_IOERR_WRITE;
}

int truncate_file(sqlite3_file* handle, sqlite3_int64 size) {
  auto& open = of(handle);
  return open.disk->truncate(open.name, *open.file, static_cast<std::size_t>(size)) ? SQLITE_OK
                                                                                    : SQLITE_IOERR_TRUNCATE;
}

int sync_file(sqlite3_file* handle, int /*flags*/) {
  auto& open = of(handle);
  if (!open.disk->sync(open.name, *open.file, open.entries_unsynced)) return SQLITE_IOERR_FSYNC;
  open.entries_unsynced = false;
  return SQLITE_OK;
}

int size_of_file(sqlite3_file* handle, sqlite3_int64* size) {
  const auto& open = of(handle);
  if (open.disk->dark()) return SQLITE_IOERR_FSTAT;
  *size = static_cast<sqlite3_int64>(open.file->content.size());
  return SQLITE_OK;
}

int lock_file(sqlite3_file* /*handle*/, int /*lock*/) {
  return SQLITE_OK;
}

int nobody_reserved(sqlite3_file* /*handle*/, int* reserved) {
  *reserved = 0;
  return SQLITE_OK;
}

int control_file(sqlite3_file* /*handle*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file* /*handle*/) {
  return kSectorSize;
}

int traits(sqlite3_file* /*handle*/) {
  return kTraits;
}

// Of the -shm file nothing outlives a cut: who opens it first empties it (os_unix.c), so it is memory here.
int map_shared(sqlite3_file* handle, int region, int size, int extend, void volatile** out) {
  auto& open = of(handle);
  *out = nullptr;
  if (open.disk->dark()) return SQLITE_IOERR_SHMMAP;
  auto& shared = open.file->shared;
  const auto wanted = static_cast<std::size_t>(region) + 1;
  if (shared.size() < wanted && extend == 0) return SQLITE_OK;
  while (shared.size() < wanted) shared.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  *out = shared[static_cast<std::size_t>(region)].get();
  return SQLITE_OK;
}

int lock_shared(sqlite3_file* /*handle*/, int /*offset*/, int /*count*/, int /*flags*/) {
  return SQLITE_OK;
}

void order_shared(sqlite3_file* /*handle*/) {}

int unmap_shared(sqlite3_file* handle, int /*remove*/) {
  of(handle).file->shared.clear();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = lock_file,
    .xCheckReservedLock = nobody_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = traits,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = order_shared,
    .xShmUnmap = unmap_shared,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
  auto& disk = disk_of(vfs);
  handle->pMethods = nullptr;
  if (disk.dark()) return SQLITE_CANTOPEN;
  auto file = name == nullptr ? std::make_shared<Disk::File>() : disk.find(name);
  if (!file && (flags & SQLITE_OPEN_CREATE) != 0) file = disk.create(name);
  if (!file) return SQLITE_CANTOPEN;
  FIELDLINE_CHECK(!file->open);
  file->open = true;
  auto* open = new (handle) OpenFile;
  open->base.pMethods = &kMethods;
  open->disk = &disk;
  open->file = std::move(file);
  open->name = name == nullptr ? "" : name;
  open->entries_unsynced =
      (flags & SQLITE_OPEN_CREATE) != 0 &&
      (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int remove_file(sqlite3_vfs* vfs, const char* name, int sync_directory) {
  auto& disk = disk_of(vfs);
  if (disk.dark()) return SQLITE_IOERR_DELETE;
  if (!disk.find(name)) return SQLITE_IOERR_DELETE_NOENT;
  return disk.remove(name, sync_directory != 0) ? SQLITE_OK : SQLITE_IOERR_DELETE;
}

int find_file(sqlite3_vfs* vfs, const char* name, int asked, int* answer) {
  if (disk_of(vfs).dark()) return SQLITE_IOERR_ACCESS;
  const auto file = disk_of(vfs).find(name);
  // As os_unix.c: an empty file does not exist.
  *answer = file && (asked != SQLITE_ACCESS_EXISTS || !file->content.empty()) ? 1 : 0;
  return SQLITE_OK;
}

int full_path(sqlite3_vfs* /*vfs*/, const char* name, int size, char* out) {
  const auto length = std::strlen(name);
  if (length >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, length + 1);
  return SQLITE_OK;
}

// Seeds SQLite's own generator, the same way each time.
int randomness(sqlite3_vfs* /*vfs*/, int count, char* out) {
  std::memset(out, 0, static_cast<std::size_t>(count));
  return count;
}
// Nobody waits: there is no second connection.
int sleep_for(sqlite3_vfs* /*vfs*/, int micros) {
  return micros;
}
int current_time(sqlite3_vfs* /*vfs*/, double* days) {
  constexpr double kSomeDay = 2'460'000.5;  // Julian
  *days = kSomeDay;
  return SQLITE_OK;
}
int last_error(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*text*/) {
  return 0;
}

}  // namespace

Vfs::Vfs(Disk& disk) : vfs_(std::make_unique<sqlite3_vfs>()) {
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(OpenFile);
  vfs_->mxPathname = kLongestPath;
  vfs_->zName = "powerloss";
  vfs_->pAppData = &disk;
  vfs_->xOpen = open_file;
  vfs_->xDelete = remove_file;
  vfs_->xAccess = find_file;
  vfs_->xFullPathname = full_path;
  vfs_->xRandomness = randomness;
  vfs_->xSleep = sleep_for;
  vfs_->xCurrentTime = current_time;
  vfs_->xGetLastError = last_error;
  FIELDLINE_CHECK(sqlite3_vfs_register(vfs_.get(), 1) == SQLITE_OK);
  sqlite3_randomness(0, nullptr);  // starts again, from this VFS
}

Vfs::~Vfs() {
  sqlite3_vfs_unregister(vfs_.get());
}

}  // namespace fieldline::powerloss

#include "common/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace fieldline {
namespace {

Result<> write_draft(const std::filesystem::path& draft, std::string_view bytes, FileMode mode) {
  const auto bits = static_cast<mode_t>(mode);
  ::unlink(draft.c_str());
  const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, bits));
  if (!file.is_open()) return io_failure("create", draft);
  // The umask can only have taken bits away.
  if (::fchmod(file.descriptor(), bits) != 0 || !file.write(bytes) || !file.sync())
    return io_failure("write", draft);
  return {};
}

Result<> sync_folder_of(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || !file.sync()) return io_failure("sync the folder of", path);
  return {};
}

// Only a plain file of this user, readable by nobody else, can hold a secret.
Result<> check_private(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return io_failure("examine", path);
  if (!S_ISREG(status.st_mode))
    return fail(ErrorCode::kForbidden, "the key is not a plain file", path.string());
  if (status.st_uid != geteuid()) {
    return fail(ErrorCode::kForbidden,
                fmt::format("the key file belongs to user id {}, and this process runs as {}; chown it",
                            status.st_uid, geteuid()),
                path.string());
  }
  if (const auto mode = status.st_mode & 07777U; mode != 0600U) {
    return fail(
        ErrorCode::kForbidden,
        fmt::format("the key file has mode {:04o} and must have 0600; chmod it, and make a new key if "
                    "others could have read this one",
                    mode),
        path.string());
  }
  return {};
}

}  // namespace

File::~File() {
  if (is_open()) ::close(descriptor_);
}

bool File::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool File::sync() const {
  return ::fsync(descriptor_) == 0;
}

Result<> write_file(const std::filesystem::path& path, std::string_view bytes, FileMode mode,
                    Existing existing) {
  const std::filesystem::path draft = path.string() + ".new";
  auto outcome = write_draft(draft, bytes, mode);
  if (outcome) {
    // A link, unlike a rename, never replaces what is there already.
    const bool placed = existing == Existing::kReplace ? std::rename(draft.c_str(), path.c_str()) == 0
                                                       : ::link(draft.c_str(), path.c_str()) == 0;
    if (!placed && errno == EEXIST) {
      outcome = fail(ErrorCode::kConflict, "the file exists already", path.string());
    } else {
      outcome = placed ? sync_folder_of(path) : io_failure("create", path);
    }
  }
  ::unlink(draft.c_str());
  return outcome;
}

Result<std::string> read_private_file(const std::filesystem::path& path, std::size_t limit) {
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return io_failure("open", path);
  if (auto allowed = check_private(file.descriptor(), path); !allowed)
    return fail(std::move(allowed.error()));
  // One byte more, to see that nothing follows.
  std::string bytes(limit + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto got = ::read(file.descriptor(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_failure("read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > limit)
    return fail(ErrorCode::kTooLarge, fmt::format("the file has more than {} bytes", limit), path.string());
  bytes.resize(size);
  return bytes;
}

Result<> make_private_directory(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  std::filesystem::create_directories(path, error);
  if (!error) std::filesystem::permissions(path, std::filesystem::perms::owner_all, error);
  if (error) return fail(ErrorCode::kIo, "can't make the directory: " + error.message(), path.string());
  return {};
}

Failure io_failure(std::string_view what, const std::filesystem::path& path) {
  const int error = errno;
  return fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
              fmt::format("can't {} the file: {}", what, std::generic_category().message(error)),
              path.string());
}

}  // namespace fieldline

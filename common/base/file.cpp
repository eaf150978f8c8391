#include "common/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

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

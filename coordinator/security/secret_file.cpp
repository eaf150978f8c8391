#include "coordinator/security/secret_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace fieldline::security {
namespace {

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (is_open()) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] bool sync() const { return ::fsync(descriptor_) == 0; }
  [[nodiscard]] bool write(std::string_view content) const {
    return ::write(descriptor_, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  }

 private:
  const int descriptor_;
};

Failure io_failure(std::string_view what, const std::string& path) {
  return fail(ErrorCode::kIo, fmt::format("can't {}: {}", what, std::generic_category().message(errno)),
              path);
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

Result<> write_secret_file(const std::string& path, std::string_view content) {
  const auto unfinished = path + ".new";
  ::unlink(unfinished.c_str());
  const File file(::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return io_failure("create", unfinished);
  if (!file.write(content) || !file.sync()) return io_failure("write", unfinished);
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return io_failure("rename", unfinished);
  const File folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || !folder.sync()) return io_failure("sync the folder of", path);
  return {};
}

}  // namespace fieldline::security

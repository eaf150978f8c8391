#include "common/base/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

using namespace fieldline;

namespace {

// A directory of the test's own, gone with it.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "fieldline-file-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

unsigned mode(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("a private file is private whatever the umask, and leaves no draft behind") {
  const Folder folder;
  const auto before = umask(0);
  REQUIRE(write_file(folder.path / "token", "secret", FileMode::kPrivate, Existing::kKeep));
  umask(before);
  CHECK(content(folder.path / "token") == "secret");
  CHECK(mode(folder.path / "token") == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a file that is to be kept is not replaced") {
  const Folder folder;
  REQUIRE(write_file(folder.path / "key", "old", FileMode::kPrivate, Existing::kKeep));
  CHECK(write_file(folder.path / "key", "new", FileMode::kPrivate, Existing::kKeep).error().code ==
        ErrorCode::kConflict);
  CHECK(content(folder.path / "key") == "old");
  REQUIRE(write_file(folder.path / "key", "new", FileMode::kPublic, Existing::kReplace));
  CHECK(content(folder.path / "key") == "new");
  CHECK(mode(folder.path / "key") == 0644);
}

TEST_CASE("a folder that is missing is told by name") {
  const Folder folder;
  const auto outcome = write_file(folder.path / "gone" / "key", "x", FileMode::kPublic, Existing::kReplace);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::kNotFound);
  CHECK(outcome.error().where.find("gone") != std::string::npos);
}

TEST_CASE("a state directory is made for its owner only") {
  const Folder folder;
  REQUIRE(make_private_directory(folder.path / "a" / "b"));
  CHECK(mode(folder.path / "a" / "b") == 0700);
  CHECK(make_private_directory(folder.path / "a" / "b"));
}

#include "common/net/key_pair.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

using namespace fieldline;
using namespace fieldline::net;
namespace fs = std::filesystem;

namespace {

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "fieldline-keys-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] fs::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

void write(const fs::path& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

}  // namespace

TEST_CASE("a key pair that was saved is loaded again, from a file that only its owner can read") {
  const Folder folder;
  const auto keys = KeyPair::generate();
  const auto mask = umask(0);
  CHECK(keys.save(folder / "node.key").has_value());
  umask(mask);
  CHECK(mode_of(folder / "node.key") == 0600);
  CHECK(folder.files() == 1);
  const auto loaded = KeyPair::load(folder / "node.key");
  REQUIRE(loaded.has_value());
  CHECK(loaded->public_key() == keys.public_key());
  CHECK(loaded->secret_key() == keys.secret_key());
}

TEST_CASE("a key file with any mode but 0600 is refused") {
  const Folder folder;
  const auto mode = GENERATE(0644, 0640, 0660, 0604, 0400, 0700, 01600);
  write(folder / "node.key", KeyPair::generate().secret_key(), static_cast<mode_t>(mode));
  const auto loaded = KeyPair::load(folder / "node.key");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == ErrorCode::kForbidden);
  CHECK(loaded.error().where == folder / "node.key");
  CHECK(loaded.error().message.find("0600") != std::string::npos);
  CHECK_FALSE(KeyPair::load_or_create(folder / "node.key").has_value());
}

TEST_CASE("a key file of another user is refused") {
  if (geteuid() != 0) return;  // only root can give a file away
  const Folder folder;
  write(folder / "node.key", KeyPair::generate().secret_key(), 0600);
  REQUIRE(chown((folder / "node.key").c_str(), 65534, 65534) == 0);
  const auto loaded = KeyPair::load(folder / "node.key");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == ErrorCode::kForbidden);
}

TEST_CASE("a link or a folder in place of a key file is refused") {
  const Folder folder;
  write(folder / "real.key", KeyPair::generate().secret_key(), 0600);
  fs::create_symlink(folder / "real.key", folder / "link.key");
  fs::create_directory(folder / "folder.key");
  CHECK_FALSE(KeyPair::load(folder / "link.key").has_value());
  CHECK_FALSE(KeyPair::load(folder / "folder.key").has_value());
}

TEST_CASE("a key file with anything but one key is refused without showing it") {
  const Folder folder;
  const auto secret = KeyPair::generate().secret_key();
  const auto text =
      GENERATE_COPY(std::string(), secret.substr(1), secret + "\n\n", secret + secret, " " + secret,
                    std::string(40, '~'), std::string(40, '#'), std::string(1 << 20, 'a'));
  write(folder / "node.key", text, 0600);
  const auto loaded = KeyPair::load(folder / "node.key");
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == ErrorCode::kCorrupt);
  CHECK(loaded.error().describe().find(secret.substr(1)) == std::string::npos);
}

TEST_CASE("a key file is never replaced") {
  const Folder folder;
  const auto first = KeyPair::generate();
  REQUIRE(first.save(folder / "node.key").has_value());
  const auto second = KeyPair::generate().save(folder / "node.key");
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == ErrorCode::kConflict);
  CHECK(KeyPair::load(folder / "node.key")->public_key() == first.public_key());
  CHECK(folder.files() == 1);
}

TEST_CASE("a draft left by a crash does not stand in the way") {
  const Folder folder;
  write(folder / "node.key.new", "half a k", 0600);
  CHECK(KeyPair::load_or_create(folder / "node.key").has_value());
  CHECK(folder.files() == 1);
}

TEST_CASE("a first start makes a key and the next one finds it") {
  const Folder folder;
  const auto first = KeyPair::load_or_create(folder / "node.key");
  const auto second = KeyPair::load_or_create(folder / "node.key");
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(first->public_key() == second->public_key());
}

TEST_CASE("a folder that is not there is an error that names the file") {
  const Folder folder;
  const auto made = KeyPair::load_or_create(folder / "missing/node.key");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().where.find("missing/node.key") != std::string::npos);
}

TEST_CASE("what is no key is told from a key") {
  CHECK(is_key(KeyPair::generate().public_key()));
  CHECK_FALSE(is_key(""));
  CHECK_FALSE(is_key(KeyPair::generate().public_key().substr(1)));
  CHECK_FALSE(is_key(std::string(40, '~')));
  CHECK_FALSE(is_key(std::string(40, '#')));  // 85^5 - 1 does not fit 32 bits
}

TEST_CASE("a fingerprint is short, and another one for another key") {
  const auto key = KeyPair::generate().public_key();
  CHECK(fingerprint(key).size() == 16);
  CHECK(fingerprint(key) == fingerprint(key));
  CHECK(fingerprint(key) != fingerprint(KeyPair::generate().public_key()));
}

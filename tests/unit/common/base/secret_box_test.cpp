#include "common/base/secret_box.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "common/base/file.hpp"

using namespace fieldline;

namespace {

struct KeyFolder {
  KeyFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "fieldline-box-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~KeyFolder() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::filesystem::path key() const { return path / "secrets.key"; }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("what was sealed opens after a restart, under the key of the file") {
  const KeyFolder folder;
  const auto sealed = SecretBox::load_or_create(folder.key())->seal("hunter2", "external-systems/erp");
  CHECK(sealed.find("hunter2") == std::string::npos);
  const auto again = SecretBox::load_or_create(folder.key());
  REQUIRE(again);
  CHECK(again->open(sealed, "external-systems/erp").value() == "hunter2");
}

TEST_CASE("another key, another purpose and damaged bytes open nothing") {
  const auto box = SecretBox::generate();
  auto sealed = box.seal("hunter2", "external-systems/erp");
  const auto refusal = [](const Result<std::string>& opened) { return opened.error().code; };
  CHECK(refusal(SecretBox::generate().open(sealed, "external-systems/erp")) == ErrorCode::kCorrupt);
  CHECK(refusal(box.open(sealed, "external-systems/mes")) == ErrorCode::kCorrupt);
  CHECK(refusal(box.open("short", "external-systems/erp")) == ErrorCode::kCorrupt);
  sealed.back() ^= 1;
  CHECK(refusal(box.open(sealed, "external-systems/erp")) == ErrorCode::kCorrupt);
}

TEST_CASE("the same text is sealed to other bytes each time, and hashed to the same") {
  const auto box = SecretBox::generate();
  CHECK(box.seal("hunter2", "a") != box.seal("hunter2", "a"));
  CHECK(box.keyed_hash("hunter2", "a") == box.keyed_hash("hunter2", "a"));
  CHECK(box.keyed_hash("hunter2", "a") != box.keyed_hash("hunter2", "b"));
  CHECK(box.keyed_hash("bc", "a") != box.keyed_hash("c", "ab"));
  CHECK(box.keyed_hash("hunter2", "a") != SecretBox::generate().keyed_hash("hunter2", "a"));
}

TEST_CASE("a key file that others can read, or that holds no key, is an error that names it") {
  const KeyFolder folder;
  const auto error = [&] { return SecretBox::load_or_create(folder.key()).error(); };
  SECTION("readable") {
    REQUIRE(SecretBox::load_or_create(folder.key()));
    std::filesystem::permissions(folder.key(), std::filesystem::perms(0644));
    CHECK(error().code == ErrorCode::kForbidden);
  }
  SECTION("short") {
    REQUIRE(write_file(folder.key(), "abcd\n", FileMode::kPrivate, Existing::kKeep));
    CHECK(error().code == ErrorCode::kCorrupt);
  }
  SECTION("long") {
    REQUIRE(write_file(folder.key(), std::string(99, 'a'), FileMode::kPrivate, Existing::kKeep));
    CHECK(error().code == ErrorCode::kCorrupt);
  }
  SECTION("no hex") {
    REQUIRE(write_file(folder.key(), std::string(64, 'x'), FileMode::kPrivate, Existing::kKeep));
    CHECK(error().code == ErrorCode::kCorrupt);
  }
  CHECK(error().where == folder.key());
}

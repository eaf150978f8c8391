#include "coordinator/security/tokens.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/sql/threaded_database.hpp"
#include "coordinator/database/migrations.hpp"

namespace fieldline::security {
namespace {

class Folder {
 public:
  Folder() {
    auto name = (std::filesystem::temp_directory_path() / "fieldline-tokens-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::filesystem::path operator/(std::string_view file) const { return path_ / file; }
  [[nodiscard]] std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string content(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::unique_ptr<sql::Database> open(const Folder& folder) {
  return std::move(
      sql::open_threaded({"sqlite:" + (folder / "c.db").string(), "tokens", database::migrations()}).value());
}

}  // namespace

TEST_CASE("the first start leaves one token, for its owner alone, and the database has only its hash") {
  const Folder folder;
  const SystemClock clock;
  auto database = open(folder);
  database::Tokens rows(*database);
  const auto tokens = Tokens::open(rows, folder.path(), clock);
  REQUIRE(tokens);
  struct stat status {};
  REQUIRE(::stat((folder / kFirstTokenFile).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  auto token = content(folder / kFirstTokenFile);
  REQUIRE(token.size() == 54);
  token.pop_back();
  const auto owner = tokens->find(token);
  REQUIRE(owner);
  CHECK(owner->name == "admin");
  CHECK(may(*owner, Permission::kAdminister));
  CHECK_FALSE(tokens->find(token + "x"));
  CHECK_FALSE(tokens->find(""));
  database.reset();
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().filename() != kFirstTokenFile)
      CHECK(content(entry.path()).find(token) == std::string::npos);
  }
}

TEST_CASE("a later start knows the token and makes no other") {
  const Folder folder;
  const SystemClock clock;
  auto database = open(folder);
  database::Tokens rows(*database);
  REQUIRE(Tokens::open(rows, folder.path(), clock));
  const auto first = content(folder / kFirstTokenFile);
  const auto again = Tokens::open(rows, folder.path(), clock);
  REQUIRE(again);
  CHECK(content(folder / kFirstTokenFile) == first);
  CHECK(again->find(first.substr(0, first.size() - 1)));
}

TEST_CASE("when the token can't be left for anyone, no hash is stored") {
  const Folder folder;
  const SystemClock clock;
  auto database = open(folder);
  database::Tokens rows(*database);
  CHECK_FALSE(Tokens::open(rows, folder.path() + "/missing", clock));
  CHECK(rows.all().value().empty());
}

}  // namespace fieldline::security

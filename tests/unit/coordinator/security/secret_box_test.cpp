#include <catch2/catch.hpp>
#include <filesystem>

#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "coordinator/database/migrations.hpp"
#include "coordinator/security/secret_box_file.hpp"
#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/sealing.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

using namespace fieldline;

TEST_CASE("the key of stored secrets is made once; without it, or with another, nothing starts") {
  VirtualTime time;
  const sql::ScratchFolder folder;
  const auto path = folder / "secrets.key";
  auto database = sql::open_inline({"sqlite::memory:", "test", database::migrations()}, time.executor());
  REQUIRE(database);
  database::DocumentRecords records(**database);
  const auto box = security::open_secret_box(path, records);
  REQUIRE(box);
  CHECK(security::open_secret_box(path, records));

  const auto documents = templates::parse_documents(
      "{kind: SmtpSettings, name: mail, spec: {host: m, sender: 'a@b', user: u, password: s3cret}}",
      templates::TextFormat::kYaml);
  REQUIRE(documents);
  const auto executor = time.executor();
  bool saved = false;
  records.save(
      {{templates::seal(documents->front(), nullptr, *box)}, {}, "ann", {}},
      [&](const Result<>& outcome) { saved = outcome.has_value(); }, *executor);
  REQUIRE(time.run_until([&] { return saved; }, std::chrono::seconds(1)));
  CHECK(security::open_secret_box(path, records));

  std::filesystem::rename(path, folder / "away");
  const auto missing = security::open_secret_box(path, records);
  CHECK(missing.error().code == ErrorCode::kNotFound);
  CHECK(missing.error().where == path.string());
  CHECK_FALSE(std::filesystem::exists(path));

  REQUIRE(SecretBox::load_or_create(path));
  const auto other = security::open_secret_box(path, records);
  CHECK(other.error().code == ErrorCode::kCorrupt);
  CHECK(other.error().where == path.string());
  CHECK(other.error().describe().find("SmtpSettings/mail/password") != std::string::npos);

  std::filesystem::rename(folder / "away", path);
  CHECK(security::open_secret_box(path, records));
}

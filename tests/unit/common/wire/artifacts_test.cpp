#include "common/wire/artifacts.hpp"

#include <catch2/catch.hpp>

#include "common/base/hash.hpp"
#include "common/wire/limits.hpp"

using namespace fieldline;
using namespace fieldline::wire;

namespace {

const Artifact kFilters = SharedScript{"return {}"};
const Artifact kErp = ExternalSystem{
    .auth = {AuthKind::kBearer, "", "hunter2", ""}, .base_url = "https://erp.example.com", .salt = "0123"};

PackageItem packed(std::string key, const Artifact& artifact, bool with_document = true) {
  const auto sealed = seal_artifact(artifact);
  REQUIRE(sealed);
  return {{std::move(key), sealed->revision},
          with_document ? std::make_shared<const std::string>(sealed->bytes) : nullptr};
}

Result<std::vector<PackageItem>> unpacked(const std::string& bytes) {
  return unpack_artifacts(bytes, blake2b_hex(bytes));
}

}  // namespace

TEST_CASE("an artifact opens only under its own revision and as its own kind") {
  const auto item = packed("external-systems/erp", kErp);
  CHECK(*open_artifact(item.item, *item.bytes) == kErp);
  auto damaged = *item.bytes;
  damaged.back() ^= 1;
  CHECK(open_artifact(item.item, damaged).error().code == ErrorCode::kCorrupt);
  const ArtifactItem other{"smtp-settings/erp", item.item.revision};
  CHECK(open_artifact(other, *item.bytes).error().code == ErrorCode::kInvalid);
}

// A change of these is a change of what sites hold: each would take all artifacts anew.
TEST_CASE("the bytes of artifacts are the same on every machine") {
  const auto revision = [](const Artifact& artifact) {
    return seal_artifact(artifact)->revision.substr(0, 16);
  };
  CHECK(revision(kFilters) == "9646b9cb41c9b213");
  CHECK(revision(kErp) == "9fbf1ca9f0b50b25");
  CHECK(revision(DatabaseConnection{.database = "plant", .host = "db", .password = "hunter2"}) ==
        "8d13070ca1f97771");
  CHECK(revision(SmtpSettings{.host = "mail", .sender = "plant@example.com"}) == "98de5f8803975615");
  CHECK(revision(NotificationList{{"ann@example.com"}, "mail"}) == "61df2dcea1507720");
}

TEST_CASE("no error about an artifact bears what is in it") {
  ExternalSystem erp = std::get<ExternalSystem>(kErp);
  erp.auth.secret += "\n";
  const auto item = packed("external-systems/erp", erp);
  const auto refused = open_artifact(item.item, *item.bytes);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().where == "external-systems/erp/auth/secret");
  CHECK(refused.error().describe().find("hunter2") == std::string::npos);
}

TEST_CASE("a package brings the whole manifest and the documents that travel with it") {
  const std::vector<PackageItem> items{packed("external-systems/erp", kErp),
                                       packed("shared-scripts/a", kFilters, false),
                                       packed("shared-scripts/b", kFilters)};
  const auto package = pack_artifacts(items);
  REQUIRE(package);
  const auto read = unpacked(*package);
  REQUIRE(read);
  REQUIRE(read->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK((*read)[i].item == items[i].item);
  CHECK(*(*read)[0].bytes == *items[0].bytes);
  CHECK_FALSE((*read)[1].bytes);
  CHECK(*(*read)[2].bytes == *items[2].bytes);
  CHECK(unpack_artifacts(*package, blake2b_hex("other")).error().code == ErrorCode::kCorrupt);
  CHECK(unpacked(*pack_artifacts({}))->empty());
}

TEST_CASE("a package that contradicts itself is refused") {
  const auto item = packed("shared-scripts/a", kFilters);
  const auto package = *pack_artifacts({item});
  const auto code = [](const std::string& bytes) {
    const auto read = unpacked(bytes);
    return read ? ErrorCode::kInternal : read.error().code;
  };
  CHECK(code("") == ErrorCode::kInvalid);
  CHECK(code(package.substr(0, 3)) == ErrorCode::kInvalid);
  CHECK(code(package.substr(0, package.size() - 1)) == ErrorCode::kInvalid);
  CHECK(code(package + "x") == ErrorCode::kInvalid);
  CHECK(code("\xFF\xFF\xFF\xFF" + package.substr(4)) == ErrorCode::kInvalid);
  CHECK(code(*pack_artifacts({item, item})) == ErrorCode::kInvalid);
  CHECK(code(*pack_artifacts({{{"templates/a", item.item.revision}, nullptr}})) == ErrorCode::kInvalid);
  CHECK(code(*pack_artifacts({{{"shared-scripts/a", "r1"}, nullptr}})) == ErrorCode::kInvalid);
  CHECK(code(std::string(kMaxPackage + 1, 'x')) == ErrorCode::kTooLarge);
}

TEST_CASE("what is over its limit is not sealed") {
  CHECK(seal_artifact(SharedScript{std::string(kMaxArtifact, 'x')}).error().code == ErrorCode::kTooLarge);
  std::vector<PackageItem> many(kMaxArtifacts + 1, packed("shared-scripts/a", kFilters, false));
  CHECK(pack_artifacts(many).error().code == ErrorCode::kTooLarge);
  many.resize(kMaxPackage / kMaxArtifact + 1);
  const auto large = std::make_shared<const std::string>(kMaxArtifact, 'x');
  for (auto& item : many) item.bytes = large;
  CHECK(pack_artifacts(many).error().code == ErrorCode::kTooLarge);
}

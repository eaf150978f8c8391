#include "common/model/artifact.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;

TEST_CASE("the key of an artifact is its kind and its name") {
  CHECK(artifact_key(ArtifactKind::kExternalSystem, "erp") == "external-systems/erp");
  CHECK(parse_artifact_key("shared-scripts/filters") == ArtifactName{ArtifactKind::kSharedScript, "filters"});
  for (const auto* other : {"", "filters", "shared-scripts/", "shared-scripts/a/b", "templates/Pump", "/a"}) {
    CAPTURE(other);
    CHECK_FALSE(parse_artifact_key(other));
  }
}

TEST_CASE("an artifact that can't be acted on is refused, and the place named") {
  const auto place = [](const Artifact& artifact) {
    const auto checked = check(artifact);
    return checked ? std::string() : checked.error().where;
  };
  ExternalSystem erp{.base_url = "https://erp.example.com"};
  CHECK(place(erp).empty());
  SECTION("a protocol that is not spoken") {
    erp.base_url = "file:///etc/passwd";
  }
  SECTION("a line end in the URL") {
    erp.base_url += "\r\nHost: other";
  }
  CHECK(place(erp) == (erp.base_url == "https://erp.example.com" ? "" : "base_url"));

  erp = {.base_url = "https://erp.example.com"};
  erp.headers["X-Plant"] = "7\r\nX-Other: 8";
  CHECK(place(erp) == "headers/X-Plant");
  erp.headers = {{"X Plant", "7"}};
  CHECK(place(erp) == "headers");
  erp.headers.clear();
  erp.retry_interval = Duration(1);
  CHECK(place(erp) == "retry_interval");
  erp.retry_interval = std::chrono::seconds(1);
  erp.auth = {AuthKind::kHeader, "", "key", ""};
  CHECK(place(erp) == "auth/name");
  erp.auth = {AuthKind::kBasic, "", "a\nb", "me"};
  CHECK(place(erp) == "auth/secret");

  CHECK(place(DatabaseConnection{.database = "plant"}).empty());
  CHECK(place(DatabaseConnection{.database = "plant", .port = 0}) == "port");
  CHECK(place(DatabaseConnection{}) == "database");
  CHECK(place(SmtpSettings{.host = "mail", .port = 65536}) == "port");
  CHECK(place(NotificationList{{"a@b.example"}, "mail"}).empty());
  CHECK(place(NotificationList{{}, "mail"}) == "recipients");
  CHECK(place(NotificationList{{"a@b\r\n"}, "mail"}) == "recipients");
  CHECK(place(NotificationList{{"a@b.example"}, "no mail"}) == "smtp");
}

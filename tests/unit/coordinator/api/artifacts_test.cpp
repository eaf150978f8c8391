#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "common/base/hash.hpp"
#include "tests/unit/coordinator/api/centre.hpp"
#include "tests/unit/coordinator/api/leaks.hpp"

namespace fieldline::api::test {
namespace {

constexpr auto kSecret = "s3cret-Pa55word-of-erp";
constexpr auto kErp = "/api/v1/artifacts/external-systems/erp";

Json erp(const Json& password) {
  return {{"kind", "ExternalSystem"},
          {"name", "erp"},
          {"spec",
           {{"base_url", "http://erp"},
            {"auth", {{"kind", "basic"}, {"user", "plant"}, {"password", password}}}}}};
}

}  // namespace

TEST_CASE("a secret is written over REST and given back by nothing, not even by a file") {
  Centre centre;
  centre.plant(kSecret);
  std::string said;
  const auto ask = [&](const std::string& method, const std::string& target, const std::string& body = "",
                       const std::string& fields = "") {
    auto answer = centre.call(method, target, body, fields);
    said += answer.body;
    for (const auto& [name, value] : answer.headers) said += value;
    return answer;
  };
  REQUIRE(ask("PUT", kErp, erp(kSecret).dump()).status == 201);
  const auto read = ask("GET", kErp);
  CHECK(Json::parse(read.body).at("spec").at("auth") ==
        Json{{"kind", "basic"}, {"user", "plant"}, {"password", {{"set", true}}}});
  CHECK(ask("GET", "/api/v1/artifacts/external-systems").status == 200);
  const auto exported = ask("GET", "/api/v1/export");
  const auto again = ask("POST", "/api/v1/apply", exported.body, "Content-Type: application/yaml\r\n");
  REQUIRE(again.status == 200);
  CHECK(Json::parse(again.body).at("unchanged") == Json::parse(again.body).at("documents").size());
  CHECK(ask("GET", "/api/v1/export").body == exported.body);
  CHECK(ask("GET", kErp).header("etag") == read.header("etag"));
  // Refusals quote nothing.
  CHECK(ask("PUT", kErp, erp({{kSecret, true}}).dump(), "If-Match: *\r\n").status == 400);
  CHECK(ask("PUT", kErp, erp(Json::array({kSecret})).dump(), "If-Match: *\r\n").status == 400);
  CHECK(ask("PUT", "/api/v1/artifacts/external-systems/mes", erp(kSecret).dump()).status == 400);
  const auto absent =
      ask("POST", "/api/v1/apply",
          "{kind: ExternalSystem, name: mes, spec: {base_url: 'http://mes', auth: {kind: bearer, "
          "token: {set: true}}}}",
          "Content-Type: application/yaml\r\n");
  CHECK(absent.status == 422);
  CHECK(absent.body.find("secret-absent") != std::string::npos);
  // It is not sent elsewhere than it was.
  auto moved = erp({{"set", true}});
  moved["spec"]["base_url"] = "http://mine";
  const auto refused = ask("PUT", kErp, moved.dump(), "If-Match: *\r\n");
  CHECK(refused.status == 422);
  CHECK(refused.body.find("external-systems/erp/auth/password") != std::string::npos);
  // Another secret is another revision.
  CHECK(ask("PUT", kErp, erp("other").dump(), "If-Match: *\r\n").header("etag") != read.header("etag"));
  CHECK(ask("PUT", kErp, erp(kSecret).dump(), "If-Match: *\r\n").header("etag") == read.header("etag"));
  CHECK_FALSE(shows(said, kSecret));
  CHECK_FALSE(shows(said, blake2b_hex(std::string(kSecret))));
  CHECK(showing(centre.folder(), blake2b_hex(std::string(kSecret))).empty());
}

TEST_CASE("more artifacts than a site holds are not deployed, and the answer says how many it holds") {
  Centre centre;
  centre.put_examples();
  std::string many;
  for (int i = 0; i <= 10'000; ++i)
    many += fmt::format("---\nkind: SharedScript\nname: s{}\nspec: {{source: ''}}\n", i);
  REQUIRE(centre.call("POST", "/api/v1/apply", many, "Content-Type: application/yaml\r\n").status == 200);
  const auto refused = centre.call("POST", "/api/v1/artifacts/deploy");
  CHECK(refused.status == 422);
  CHECK(refused.body.find("there are 10001 artifacts") != std::string::npos);
  CHECK(refused.body.find("a site holds at most 10000 of 16777216 bytes") != std::string::npos);
  CHECK_FALSE(centre.get("/api/v1/artifacts/deployment").at("sites").at(0).contains("deployment"));
}

TEST_CASE("artifacts are deployed over REST, site by site, into one matrix") {
  Centre centre;
  centre.put_examples();
  REQUIRE(centre.call("PUT", kErp, erp(kSecret).dump()).status == 201);
  CHECK(centre.call("POST", "/api/v1/artifacts/deploy", R"({"sites": ["nowhere"]})").status == 400);
  CHECK(centre.call("POST", "/api/v1/artifacts/deploy", R"({"sites": []})").status == 400);
  CHECK(centre.call("POST", "/api/v1/artifacts/deploy", R"({"site": "north"})").status == 400);
  CHECK(centre.call("POST", "/api/v1/artifacts/deployment/north/retry").status == 404);
  const auto before = centre.get("/api/v1/artifacts/deployment");
  CHECK(before.at("artifacts").at(0).at("key") == "external-systems/erp");
  CHECK(before.at("sites").at(0).at("artifacts").at("external-systems/erp") == "unknown");
  CHECK_FALSE(before.at("sites").at(0).contains("deployment"));

  const auto begun = centre.call("POST", "/api/v1/artifacts/deploy");
  REQUIRE(begun.status == 202);
  CHECK(begun.header("location") == "/api/v1/artifacts/deployment");
  const auto id = Json::parse(begun.body).at("deployment");
  const auto north = centre.get("/api/v1/artifacts/deployment").at("sites").at(0);
  CHECK(north.at("site") == "north");
  CHECK(north.at("deployment").at("deployment") == id);
  CHECK(north.at("deployment").at("reason") == "site-unreachable");
  CHECK(north.at("artifacts").at("external-systems/erp") == "failed");
  const auto health = centre.get("/api/v1/sites/north/health").at("artifacts");
  CHECK(health.at("state") == "failed");
  CHECK(health.at("message").get<std::string>().starts_with("site-unreachable: "));
  const auto again = centre.call("POST", "/api/v1/artifacts/deployment/north/retry");
  REQUIRE(again.status == 202);
  CHECK(Json::parse(again.body).at("deployment") == id);
  CHECK(centre.call("POST", "/api/v1/artifacts/deployment/nowhere/retry").status == 404);
}

}  // namespace fieldline::api::test

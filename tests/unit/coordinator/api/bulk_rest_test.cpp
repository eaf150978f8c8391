// Bulk deployments as HTTP shows them; no site is ever connected here.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

constexpr auto kDeploy = "/api/v1/sites/north/deploy";

// The example's instance, and as many tanks more in the area "yard".
void put_tanks(Centre& centre, int count) {
  centre.put_examples();
  for (int i = 0; i < count; ++i) {
    auto tank = centre.example("Instance");
    tank["name"] = fmt::format("Yard{:03}", i);
    tank["spec"]["area"] = "yard";
    centre.put(fmt::format("/api/v1/instances/Yard{:03}", i), tank);
  }
}

}  // namespace

TEST_CASE("a bulk has a place, where it shows how it stands and its instances in pages") {
  Centre centre;
  put_tanks(centre, 5);
  const auto begun = centre.call("POST", kDeploy, R"({"area": "yard"})");
  REQUIRE(begun.status == 202);
  const auto place = begun.header("location");
  CHECK(place == "/api/v1/bulk/" + Json::parse(begun.body).at("id").get<std::string>());

  const auto ended = centre.call("POST", std::string(kDeploy) + "?wait=30s", R"({"instances": ["Tank7"]})");
  REQUIRE(ended.status == 200);
  const auto tank = Json::parse(ended.body);
  CHECK(tank.at("over") == true);
  CHECK(tank.at("who") == "admin");
  CHECK(tank.at("counts").at("failed") == 1);
  CHECK(tank.at("instances").at(0).at("reason") == "site-unreachable");
  CHECK(tank.at("instances").at(0).at("deployment") ==
        centre.get("/api/v1/instances/Tank7/deployment").at("id"));

  auto page = centre.get(place + "?limit=2");
  std::vector<std::string> names;
  for (;;) {
    for (const auto& item : page.at("instances")) names.push_back(item.at("instance"));
    if (page.at("next") == "") break;
    page = centre.get(place + "?limit=2&cursor=" + page.at("next").get<std::string>());
  }
  CHECK(names == std::vector<std::string>{"Yard000", "Yard001", "Yard002", "Yard003", "Yard004"});
  CHECK(centre.get(place + "?state=succeeded").at("instances").empty());
}

TEST_CASE("a bulk that names nothing, nobody or nonsense is refused") {
  Centre centre;
  put_tanks(centre, 0);
  const auto status = [&](const std::string& body) { return centre.call("POST", kDeploy, body).status; };
  CHECK(status("{}") == 400);
  CHECK(status(R"({"stale": false})") == 400);
  CHECK(status(R"({"stale": true, "stop_after_failures": 0})") == 400);
  CHECK(status(R"({"stale": true, "colour": "red"})") == 400);
  CHECK(status(R"({"instances": "Tank7"})") == 400);
  CHECK(status(R"({"instances": ["Tank7", "Nobody"]})") == 404);
  CHECK(status(R"({"stale": true})") == 202);
  CHECK(centre.call("POST", "/api/v1/sites/nowhere/deploy", R"({"stale": true})").status == 404);
  CHECK(centre.call("POST", std::string(kDeploy) + "?wait=2h", R"({"stale": true})").status == 400);
  CHECK(centre.call("GET", "/api/v1/instances/Tank7/deployment").status == 404);
  const auto gone = centre.call("GET", "/api/v1/bulk/0123");
  CHECK(gone.status == 404);
  CHECK(Json::parse(gone.body).at("detail").get<std::string>().find("restarts") != std::string::npos);
}

TEST_CASE("a bulk may name thousands of instances") {
  Centre centre;
  put_tanks(centre, 1);
  Json names = Json::array();
  for (int i = 0; i < 10'000; ++i) names.push_back("Yard000");
  const auto begun = centre.call("POST", kDeploy, Json{{"instances", names}}.dump());
  REQUIRE(begun.status == 202);
  CHECK(Json::parse(begun.body).at("instances").size() == 1);
}

}  // namespace fieldline::api::test

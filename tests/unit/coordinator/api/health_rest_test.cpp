#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {

TEST_CASE("health counts what there is") {
  Centre centre;
  centre.put_examples();
  const auto site = centre.get("/api/v1/sites/north/health");
  CHECK(site.at("connected") == false);
  CHECK(site.at("instances") == 1);
  CHECK(site.at("nodes").size() == 2);
  CHECK(site.at("artifacts").at("state") == "unknown");
  auto again = centre.get("/api/v1/health").at("sites").at(0);
  CHECK(again.at("time") > site.at("time"));
  again["time"] = site.at("time");
  CHECK(again == site);
  CHECK(centre.call("GET", "/api/v1/sites/south/health").status == 404);
}

TEST_CASE("metrics bear operations and classes of status, never paths") {
  Centre centre;
  centre.put_examples();
  centre.call("GET", "/api/v1/templates/Secret");
  centre.call("POST", "/api/v1/instances/Tank7/deploy?wait=10s");
  const auto text = centre.call("GET", "/metrics").body;
  CHECK(text.find("fieldline_http_requests_total{operation=\"getTemplate\",status=\"4xx\"} 1") !=
        std::string::npos);
  CHECK(text.find("fieldline_operations_total{kind=\"deploy\",outcome=\"failed\"}") != std::string::npos);
  CHECK(text.find("fieldline_nodes{state=\"offline\"} 2") != std::string::npos);
  CHECK(text.find("Secret") == std::string::npos);
  CHECK(text.find(centre.token()) == std::string::npos);
}

TEST_CASE("operations.md names every metric, and no other") {
  Centre centre;
  centre.put_examples();
  centre.call("POST", "/api/v1/instances/Tank7/deploy?wait=10s");
  std::set<std::string> shown;
  std::istringstream text(centre.call("GET", "/metrics").body);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("# TYPE ")) shown.insert(line.substr(7, line.find(' ', 7) - 7));
  }
  std::set<std::string> named;
  std::ifstream document(FIELDLINE_DOCS "/operations.md");
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("| `fieldline_")) named.insert(line.substr(3, line.find('`', 3) - 3));
  }
  CHECK(shown.size() > 10);
  CHECK(named == shown);
}

TEST_CASE("no path, method, site or name makes another series of metrics") {
  Centre centre;
  WireClient client(centre.port());
  const auto fields = fmt::format("Authorization: Bearer {}\r\n", centre.token());
  const auto ask = [&](const std::string& method, const std::string& target) {
    REQUIRE(client.send(request(method, target, fields)));
    REQUIRE(client.response().status >= 400);
  };
  const auto series = [&] {
    std::istringstream text(centre.call("GET", "/metrics").body);
    std::size_t lines = 0;
    for (std::string line; std::getline(text, line);) lines += line.starts_with('#') ? 0 : 1;
    return lines;
  };
  const auto round = [&](int number) {
    ask("GET", fmt::format("/nowhere/{}", number));
    ask("GET", fmt::format("/api/v1/sites/s{}", number));
    ask("DELETE", fmt::format("/api/v1/templates/T{}", number));
    ask("PATCH", fmt::format("/api/v1/instances/i{}", number));
    ask("GET", fmt::format("/api/v1/sites?q{}=1", number));
  };
  const auto strange = [&](int number) {
    WireClient stranger(centre.port());
    stranger.send(request(fmt::format("BREW{}", number), "/", fields));
    stranger.response();
    centre.put(fmt::format("/api/v1/sites/site{}", number),
               {{"kind", "Site"}, {"name", fmt::format("site{}", number)}, {"spec", {{"nodes", {"a"}}}}});
  };
  round(0);
  strange(0);
  series();
  const auto before = series();
  for (int i = 1; i <= 2000; ++i) round(i);
  for (int i = 1; i <= 30; ++i) strange(i);
  CHECK(series() == before);
}

}  // namespace fieldline::api::test

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "coordinator/api/options.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

constexpr auto kOutbox = "/api/v1/sites/north/outbox";
constexpr auto kSomeId = "north.a.3.1763800000123";

std::string parked(const std::string& below = "") {
  return fmt::format("{}/parked{}", kOutbox, below);
}

}  // namespace

TEST_CASE("the outbox of a site that nobody answers for can't be seen or changed now") {
  Centre centre;
  centre.put_examples();
  for (const auto& [method, target, body] :
       std::vector<std::array<std::string, 3>>{{"GET", kOutbox, ""},
                                               {"GET", fmt::format("{}/messages/{}", kOutbox, kSomeId), ""},
                                               {"GET", parked(), ""},
                                               {"GET", parked("/export?target=external-systems/erp"), ""},
                                               {"GET", parked(fmt::format("/{}", kSomeId)), ""},
                                               {"POST", parked(fmt::format("/{}/retry", kSomeId)), ""},
                                               {"DELETE", parked(fmt::format("/{}", kSomeId)), ""},
                                               {"POST", parked("/retry"), R"({"all": true})"},
                                               {"POST", parked("/discard"), R"({"instance": "Tank7"})"}}) {
    INFO(method << " " << target);
    CHECK(centre.call(method, target, body).status == 503);
  }
  CHECK(centre.call("GET", "/api/v1/sites/south/outbox").status == 404);
  CHECK(centre.call("POST", "/api/v1/sites/south/outbox/parked/retry", R"({"all": true})").status == 404);
}

TEST_CASE("who decides about parked messages says exactly which") {
  Centre centre;
  centre.put_examples();
  std::string many;
  for (int i = 0; i < 201; ++i) many += fmt::format("{}\"north.a.1.{}\"", i == 0 ? "" : ",", i);
  for (const auto& body : {std::string(R"({})"), std::string(R"({"all": false})"),
                           std::string(R"({"ids": []})"), std::string(R"({"all": true, "target": "x"})"),
                           fmt::format(R"({{"ids": ["{}"], "instance": "Tank7"}})", kSomeId),
                           std::string(R"({"ids": ["x"]})"), std::string(R"({"ids": ["south.a.1.1"]})"),
                           std::string(R"({"site": "north"})"), fmt::format(R"({{"ids": [{}]}})", many)}) {
    INFO(body);
    CHECK(centre.call("POST", parked("/retry"), body).status == 400);
    CHECK(centre.call("POST", parked("/discard"), body).status == 400);
  }
}

TEST_CASE("an id that no message of the site can have is not asked for") {
  Centre centre;
  centre.put_examples();
  for (const auto* id : {"x", "north", "south.a.1.1", "north.a.1.-1", "north.a.1.99999999999999999999",
                         "north.a.1.9223372036854775808"}) {
    INFO(id);
    CHECK(centre.call("DELETE", parked(fmt::format("/{}", id))).status == 404);
    CHECK(centre.call("POST", parked(fmt::format("/{}/retry", id))).status == 404);
  }
}

}  // namespace fieldline::api::test

#include "coordinator/api/routes.hpp"

#include <catch2/catch.hpp>

#include "coordinator/api/problem.hpp"

namespace fieldline::api {
namespace {

Route route(Method method, const std::string& pattern, const std::string& id) {
  Route made;
  made.method = method;
  made.pattern = pattern;
  made.id = id;
  made.access = Anyone{};
  made.handler = [](Request&, const Reply&) {};
  return made;
}

}  // namespace

TEST_CASE("a route that does not say who may use it does not start") {
  auto unsaid = route(Method::kGet, "/x", "x");
  unsaid.access = {};
  const auto table = RouteTable::make({unsaid});
  REQUIRE_FALSE(table);
  CHECK(table.error().message.find("/x") != std::string::npos);
}

TEST_CASE("a route that changes something and does not say where does not start") {
  auto unsaid = route(Method::kPost, "/sites/{site}/x", "x");
  unsaid.access = security::Permission::kDeploy;
  CHECK_FALSE(RouteTable::make({unsaid}));
  unsaid.site = SiteOf::kInstance;
  CHECK_FALSE(RouteTable::make({unsaid}));
  unsaid.site = SiteOf::kBody;
  CHECK_FALSE(RouteTable::make({unsaid}));
  unsaid.site = SiteOf::kPath;
  CHECK(RouteTable::make({unsaid}));
}

TEST_CASE("two routes that are the same do not start") {
  CHECK_FALSE(RouteTable::make({route(Method::kGet, "/x", "a"), route(Method::kGet, "/x", "b")}));
  CHECK_FALSE(RouteTable::make({route(Method::kGet, "/x", "a"), route(Method::kGet, "/y", "a")}));
}

TEST_CASE("a path is matched by its segments, and says what it takes") {
  const auto table = RouteTable::make({route(Method::kGet, "/things/{name}", "get"),
                                       route(Method::kPut, "/things/{name}", "put"),
                                       route(Method::kGet, "/things/{name}/parts", "parts")})
                         .value();
  const auto segments = [](const char* path) { return parse_target(path).value().segments; };
  CHECK(table.find(Method::kGet, segments("/things/a%2Fb")).value().path.at("name") == "a/b");
  CHECK(table.find(Method::kHead, segments("/things/a")).value().route->id == "get");
  CHECK_FALSE(table.find(Method::kGet, segments("/things/")));
  CHECK_FALSE(table.find(Method::kGet, segments("/things/a/b")));
  CHECK_FALSE(table.find(Method::kDelete, segments("/things/a")));
  CHECK(table.allowed(segments("/things/a")) == "GET, HEAD, PUT");
  CHECK(table.allowed(segments("/nothing")).empty());
}

TEST_CASE("targets are decoded once, and what can't be decoded is refused") {
  const auto target = parse_target("/a%2520b/c?q=1%2B1+x&empty&e=").value();
  CHECK(target.segments == std::vector<std::string>{"a%20b", "c"});
  CHECK(target.query.at("q") == "1+1 x");
  CHECK(target.query.at("empty").empty());
  for (const auto* bad : {"x", "*", "/%", "/%4", "/%g0", "/%00", "/%c3%28", "/x?a=1&a=2", "/x?%ff"}) {
    INFO(bad);
    CHECK_FALSE(parse_target(bad));
  }
}

TEST_CASE("a problem lists what is wrong, and keeps a fault of Fieldline to itself") {
  Error error{ErrorCode::kValidationFailed, "two findings", "", {{"a", "p", "m"}, {"b", "q", "n"}}};
  const auto listed = Json::parse(problem(error).body);
  CHECK(listed.at("status") == 422);
  CHECK(listed.at("title") == "Validation failed");
  CHECK(listed.at("errors").size() == 2);
  const auto inner = problem(Error{ErrorCode::kIo, "disk full on /secret/path", "", {}});
  CHECK(inner.status == 500);
  CHECK(inner.body.find("secret") == std::string::npos);
  CHECK_NOTHROW(problem(Error{ErrorCode::kInvalid, "bytes \xff\xfe", "", {}}));
}

}  // namespace fieldline::api

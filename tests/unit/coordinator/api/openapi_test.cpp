#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <span>

#include "coordinator/api/routes.hpp"
#include "coordinator/templates/flatten.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

// What of an operation the table and the document must both say, and alike.
struct Said {
  std::string id;
  std::string permission;  // empty: anyone
  std::set<std::string> query;
  bool body = false;

  friend bool operator==(const Said&, const Said&) = default;
};

std::ostream& operator<<(std::ostream& out, const Said& said) {
  return out << fmt::format("{} needs '{}', takes {{{}}}{}", said.id, said.permission,
                            fmt::join(said.query, ","), said.body ? " and a body" : "");
}

using Table = std::map<std::string, Said>;  // by "GET /path"

Table table_of(std::span<const Route> routes) {
  Table table;
  for (const auto& route : routes) {
    const auto* permission = std::get_if<security::Permission>(&route.access);
    auto& said = table[fmt::format("{} {}", name(route.method), route.pattern)];
    said.id = route.id;
    if (permission != nullptr) said.permission = name(*permission);
    said.query.insert(route.query.begin(), route.query.end());
    said.body = route.body != Body::kNone;
  }
  return table;
}

Table table_of(const OpenApi& openapi) {
  Table table;
  for (const auto& [path, operations] : openapi.document().at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      std::string upper = method;
      for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      auto& said = table[upper + " " + path];
      said.id = operation.at("operationId");
      said.permission = operation.value("x-permission", "");
      said.body = operation.contains("requestBody");
      for (const auto& parameter : operation.value("parameters", Json::array())) {
        const auto& described = openapi.resolve(parameter);
        if (described.at("in") == "query") said.query.insert(described.at("name").get<std::string>());
      }
    }
  }
  return table;
}

void each_reference(const Json& node, const std::function<void(const Json&)>& visit) {
  if (node.is_object() && node.contains("$ref")) visit(node);
  if (node.is_structured()) {
    for (const auto& item : node) each_reference(item, visit);
  }
}

}  // namespace

TEST_CASE("the routes and the OpenAPI document describe the same operations") {
  Centre centre;
  const auto routes = table_of(centre.coordinator().routes());
  const auto described = table_of(centre.openapi());
  for (const auto& [operation, said] : routes) {
    INFO(operation);
    REQUIRE(described.contains(operation));
    CHECK(described.at(operation) == said);
  }
  for (const auto& [operation, said] : described) {
    INFO(operation);
    CHECK(routes.contains(operation));
  }
}

TEST_CASE("every path parameter of the OpenAPI document is declared") {
  const Centre centre;
  for (const auto& [path, operations] : centre.openapi().document().at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      std::string rebuilt = path;
      for (const auto& parameter : operation.value("parameters", Json::array())) {
        const auto& described = centre.openapi().resolve(parameter);
        if (described.at("in") != "path") continue;
        const auto hole = "{" + described.at("name").get<std::string>() + "}";
        const auto at = rebuilt.find(hole);
        INFO(method << " " << path << " " << hole);
        REQUIRE(at != std::string::npos);
        rebuilt.erase(at, hole.size());
      }
      CHECK(rebuilt.find('{') == std::string::npos);
    }
  }
}

TEST_CASE("every reference of the OpenAPI document leads somewhere, and no schema stands unused") {
  const Centre centre;
  std::set<std::string> used;
  each_reference(centre.openapi().document(), [&](const Json& node) {
    INFO(node.dump());
    CHECK_NOTHROW(centre.openapi().resolve(node));
    used.insert(node.at("$ref").get<std::string>());
  });
  for (const auto* shelf : {"schemas", "parameters", "responses", "examples"}) {
    for (const auto& [name, item] : centre.openapi().document().at("components").at(shelf).items()) {
      INFO(shelf << "/" << name);
      CHECK(used.contains(fmt::format("#/components/{}/{}", shelf, name)));
    }
  }
}

TEST_CASE("every example of the OpenAPI document keeps to the schema that it is shown for") {
  const Centre centre;
  const auto& openapi = centre.openapi();
  std::size_t shown = 0;
  const std::function<void(const Json&)> visit = [&](const Json& node) {
    if (!node.is_structured()) return;
    if (node.is_object() && node.contains("schema") && node.contains("examples")) {
      for (const auto& example : node.at("examples")) {
        ++shown;
        INFO(example.dump());
        CHECK(openapi.violations(node.at("schema"), openapi.resolve(example).at("value")).empty());
      }
    }
    for (const auto& item : node) visit(item);
  };
  visit(openapi.document());
  CHECK(shown > 50);
}

TEST_CASE("the documents shown as examples can be stored, and derive what is shown") {
  Centre centre;
  centre.put_examples();
  const auto derived = centre.get("/api/v1/instances/Tank7/derived");
  CHECK(derived.at("config") == centre.example("Derived").at("config"));
}

}  // namespace fieldline::api::test

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

constexpr auto kBegin = "<!-- matrix -->";
constexpr auto kEnd = "<!-- /matrix -->";
constexpr auto kHere = "north";
constexpr auto kElsewhere = "south";
constexpr auto kNowhere = "nowhere";

// What a route that finds its site in the body is sent.
const std::map<std::string, std::function<Json(const std::string& site)>> kBodies{
    {"deployArtifacts",
     [](const std::string& site) {
       return Json{{"sites", Json::array({site})}};
     }},
    {"acceptKey", [](const std::string& site) {
       return Json{{"site", site}, {"node", "a"}};
     }}};

struct Caller {
  std::string role;
  std::string token;
};

std::string service_token(Centre& centre, const std::string& name, const Json& grants) {
  const auto answer = centre.call("POST", "/api/v1/tokens", Json{{"name", name}, {"grants", grants}}.dump());
  REQUIRE(answer.status == 201);
  return Json::parse(answer.body).at("secret");
}

// One for each role; those that can be limited are, to `kHere`.
std::vector<Caller> callers(Centre& centre) {
  std::vector<Caller> all;
  for (const auto role : kEnumNames<security::Role>) {
    Json grant{{"role", role}};
    if (role == "deployer" || role == "operator") grant["sites"] = {kHere};
    all.push_back(
        {std::string(role), service_token(centre, fmt::format("the-{}", role), Json::array({grant}))});
  }
  return all;
}

// North and South, with an instance each: "InNorth", "InSouth".
void put_two_sites(Centre& centre) {
  centre.put("/api/v1/templates/Tank", centre.example("Template"));
  for (const auto* site : {kHere, kElsewhere}) {
    auto document = centre.example("Site");
    document["name"] = site;
    centre.put(fmt::format("/api/v1/sites/{}", site), document);
    auto connection = centre.example("Connection");
    connection["name"] = fmt::format("{}/plc1", site);
    centre.put(fmt::format("/api/v1/sites/{}/connections/plc1", site), connection);
    auto instance = centre.example("Instance");
    instance["name"] = fmt::format("In-{}", site);
    instance["spec"]["site"] = site;
    centre.put(fmt::format("/api/v1/instances/In-{}", site), instance);
  }
}

std::string filled(const Route& route, const std::string& site) {
  auto path = route.pattern;
  const auto fill = [&](const std::string& hole, const std::string& with) {
    const auto at = path.find(hole);
    if (at != std::string::npos) path.replace(at, hole.size(), with);
  };
  fill("{site}", site);
  fill("{name}", route.pattern.find("/instances/") == std::string::npos ? "nobody" : "In-" + site);
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{'))
    path.replace(at, path.find('}') - at + 1, "nothing");
  return path;
}

// Only the head is read: a stream has no end.
int status_of(Centre& centre, const Route& route, const std::string& site, const std::string& token) {
  std::string body;
  if (route.site == SiteOf::kBody) {
    INFO("what a request of " << route.id << " looks like is not in kBodies");
    REQUIRE(kBodies.contains(route.id));
    body = kBodies.at(route.id)(site).dump();
  }
  std::string fields = token.empty() ? "" : fmt::format("Authorization: Bearer {}\r\n", token);
  if (!body.empty()) fields += "Content-Type: application/json\r\n";
  WireClient client(centre.port());
  REQUIRE(client.send(request(name(route.method), filled(route, site), fields, body)));
  REQUIRE(client.read_until("\r\n\r\n"));
  return std::stoi(client.received.substr(9, 3));
}

bool is_let_in(int status) {
  REQUIRE(status != 401);
  return status != 403;
}

// "yes", "no", or "own site": allowed where the grant holds, and nowhere else.
std::string cell(Centre& centre, const Route& route, const Caller& caller) {
  const bool here = is_let_in(status_of(centre, route, kHere, caller.token));
  const bool elsewhere = is_let_in(status_of(centre, route, kElsewhere, caller.token));
  const auto nowhere = status_of(centre, route, kNowhere, caller.token);
  INFO(route.id << " as " << caller.role << " at no site: " << nowhere);
  if (here && elsewhere) {
    CHECK(is_let_in(nowhere));
    return "yes";
  }
  CHECK((nowhere == 403 || nowhere == 404));
  CHECK_FALSE(elsewhere);
  return here ? "own site" : "no";
}

std::string row(Centre& centre, const Route& route, const std::vector<Caller>& callers) {
  const auto* permission = std::get_if<security::Permission>(&route.access);
  const auto anonymous = status_of(centre, route, kHere, "");
  INFO(route.id << " without a credential: " << anonymous);
  // A login without a body is malformed, not unauthenticated.
  if (permission != nullptr)
    CHECK(anonymous == 401);
  else
    CHECK((anonymous == 200 || (route.id == "logIn" && anonymous == 400)));
  auto text = fmt::format("| `{} {}` | {} | {} |", name(route.method), route.pattern,
                          permission == nullptr ? "none" : name(*permission), name(route.site));
  for (const auto& caller : callers) text += fmt::format(" {} |", cell(centre, route, caller));
  return text + "\n";
}

std::string matrix(Centre& centre) {
  const auto known = callers(centre);
  std::map<std::string, std::string> rows;  // by pattern, then method
  for (const auto& route : centre.coordinator().routes())
    rows.emplace(fmt::format("{} {}", route.pattern, route.id), row(centre, route, known));
  std::string text = "\n| route | permission | site |";
  for (const auto& caller : known) text += fmt::format(" {} |", caller.role);
  text += "\n|---|---|---|";
  for (std::size_t i = 0; i < known.size(); ++i) text += "---|";
  text += "\n";
  for (const auto& [key, line] : rows) text += line;
  return text;
}

}  // namespace

TEST_CASE("the server lets in whom docs/security.md says, at every route and site") {
  Centre centre;
  put_two_sites(centre);
  const auto now = matrix(centre);
  const std::string path = FIELDLINE_DOCS "/security.md";
  std::stringstream stream;
  stream << std::ifstream(path).rdbuf();
  auto text = stream.str();
  const auto begin = text.find(kBegin);
  const auto end = text.find(kEnd);
  REQUIRE((begin != std::string::npos && end != std::string::npos));
  const auto after = begin + std::string(kBegin).size();
  if (std::getenv("FIELDLINE_WRITE_MATRIX") != nullptr)
    std::ofstream(path) << text.replace(after, end - after, now);
  INFO(
      "after a change that is meant: FIELDLINE_WRITE_MATRIX=1 build/dev/bin/unit.coordinator.api \"the "
      "server lets in whom*\" writes the table anew");
  CHECK(text.substr(after, text.find(kEnd) - after) == now);
}

}  // namespace fieldline::api::test

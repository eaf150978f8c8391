#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <future>

#include "coordinator/api/limits.hpp"
#include "coordinator/api/media.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

Json errors_of(const Answer& answer) {
  return Json::parse(answer.body).at("errors");
}

int status_without_token(Centre& centre, const std::string& target, const std::string& fields = "") {
  WireClient client(centre.port());
  client.send(request("GET", target, fields));
  return client.response().status;
}

}  // namespace

TEST_CASE("everything but probes and logging in needs a token") {
  Centre centre;
  for (const auto* open : {"/healthz", "/readyz"}) CHECK(status_without_token(centre, open) == 200);
  for (const auto* closed :
       {"/metrics", "/openapi.json", "/api/v1/stream", "/api/v1/sites", "/api/v1/whoami"}) {
    CHECK(status_without_token(centre, closed) == 401);
    CHECK(status_without_token(centre, closed, "Authorization: Bearer wrong\r\n") == 401);
    CHECK(status_without_token(centre, closed, "Authorization: Basic eDp5\r\n") == 401);
    CHECK(centre.call("HEAD", closed == std::string("/api/v1/stream") ? "/metrics" : closed).status == 200);
  }
  WireClient client(centre.port());
  client.send(request("GET", "/metrics"));
  CHECK(client.response().header("www-authenticate") == "Bearer realm=\"fieldline\"");
}

TEST_CASE("the scheme of a token may be written in any case") {
  Centre centre;
  CHECK(status_without_token(centre, "/metrics", "Authorization: bEARER " + centre.token() + "\r\n") == 200);
}

TEST_CASE("who tries many wrong tokens is slowed down, who has a right one is not") {
  Centre centre;
  int status = 401;
  for (int i = 0; i < 100 && status == 401; ++i)
    status = status_without_token(centre, "/metrics", "Authorization: Bearer guess\r\n");
  CHECK(status == 429);
  CHECK(centre.call("GET", "/api/v1/whoami").status == 200);
}

TEST_CASE("a token says whose it is and what it may do") {
  Centre centre;
  const auto me = centre.get("/api/v1/whoami");
  CHECK(me == centre.example("WhoAmI"));
}

TEST_CASE("paths and methods that are not there are told apart") {
  Centre centre;
  CHECK(centre.call("GET", "/nowhere").status == 404);
  CHECK(centre.call("GET", "/api/v1/sites/").status == 404);
  CHECK(centre.call("GET", "/api/v1/../../etc/passwd").status == 404);
  CHECK(centre.call("GET", "/api/v1/templates/%2e%2e%2f%2e%2e%2fetc").status == 404);
  CHECK(centre.call("GET", "/api/v1/templates/a%2Fb").status == 404);
  CHECK(centre.call("GET", "/api/v1/templates/%zz").status == 400);
  CHECK(centre.call("GET", "/api/v1/templates/%00").status == 400);
  CHECK(centre.call("GET", "/api/v1/templates/%ff%fe").status == 400);
  const auto refused = centre.call("DELETE", "/api/v1/whoami");
  CHECK(refused.status == 405);
  CHECK(refused.header("allow") == "GET, HEAD");
  CHECK(centre.call("PATCH", "/api/v1/templates/Tank").header("allow") == "DELETE, GET, HEAD, PUT");
}

TEST_CASE("parameters that are unknown, said twice or unreadable are refused by name") {
  Centre centre;
  const auto refused = GENERATE(
      as<std::pair<std::string, std::string>>(), std::pair{"/api/v1/instances?colour=red", "?colour"},
      std::pair{"/api/v1/instances?stale=maybe", "?stale"},
      std::pair{"/api/v1/instances?state=odd", "?state"}, std::pair{"/api/v1/instances?limit=0", "?limit"},
      std::pair{"/api/v1/instances?limit=1001", "?limit"},
      std::pair{"/api/v1/instances?cursor=xyz", "?cursor"},
      std::pair{"/api/v1/stream?topics=weather", "?topics"},
      std::pair{"/api/v1/export?format=xml", "?format"});
  const auto answer = centre.call("GET", refused.first);
  CHECK(answer.status == 400);
  CHECK(errors_of(answer).at(0).at("pointer") == refused.second);
  CHECK(centre.call("GET", "/api/v1/instances?limit=1&limit=2").status == 400);
}

TEST_CASE("what is created has a place and a validator, and reads as it was written") {
  Centre centre;
  const auto created = centre.call("PUT", "/api/v1/templates/Tank", centre.example("Template").dump());
  REQUIRE(created.status == 201);
  CHECK(created.header("location") == "/api/v1/templates/Tank");
  const auto read = centre.call("GET", created.header("location"));
  CHECK(read.header("etag") == created.header("etag"));
  const auto again =
      centre.call("PUT", created.header("location"), read.body, "If-Match: " + read.header("etag") + "\r\n");
  CHECK(Json::parse(again.body).at("outcome") == "unchanged");
  CHECK(read.header("cache-control") == "no-store");
  const auto known =
      centre.call("GET", "/api/v1/templates/Tank", "", "If-None-Match: " + read.header("etag") + "\r\n");
  CHECK(known.status == 304);
}

TEST_CASE("artifacts of each kind are kept, listed and deleted as templates are") {
  Centre centre;
  const auto artifact = [](const char* kind, Json spec) {
    return Json{{"kind", kind}, {"name", "a"}, {"spec", std::move(spec)}};
  };
  const std::vector<std::pair<std::string, Json>> artifacts{
      {"shared-scripts", artifact("SharedScript", {{"source", "return {}"}})},
      {"external-systems", artifact("ExternalSystem", {{"base_url", "http://erp"}})},
      {"database-connections", artifact("DatabaseConnection", {{"backend", "sqlite"}, {"database", "a.db"}})},
      {"smtp-settings", artifact("SmtpSettings", {{"host", "mail"}, {"sender", "a@b"}})},
      {"notification-lists", artifact("NotificationList", {{"recipients", {"a@b"}}, {"smtp", "a"}})}};
  for (const auto& [folder, document] : artifacts) {
    INFO(folder);
    const auto created = centre.call("PUT", "/api/v1/artifacts/" + folder + "/a", document.dump());
    REQUIRE(created.status == 201);
    CHECK(created.header("location") == "/api/v1/artifacts/" + folder + "/a");
    CHECK(centre.get(created.header("location")) == document);
    CHECK(centre.call("PUT", created.header("location"), document.dump()).status == 428);
    const auto listed = centre.get("/api/v1/artifacts/" + folder).at("artifacts");
    REQUIRE(listed.size() == 1);
    CHECK(etag(listed.at(0).at("revision").get<std::string>()) == created.header("etag"));
  }
  const auto used = centre.call("DELETE", "/api/v1/artifacts/smtp-settings/a", "", "If-Match: *\r\n");
  CHECK(used.status == 409);
  CHECK(errors_of(used).at(0).at("pointer") == "notification-lists/a");
  CHECK(centre.call("DELETE", "/api/v1/artifacts/notification-lists/a", "", "If-Match: *\r\n").status == 204);
  CHECK(centre.call("DELETE", "/api/v1/artifacts/smtp-settings/a", "", "If-Match: *\r\n").status == 204);
  for (const auto* nothing : {"/api/v1/artifacts/templates/a", "/api/v1/artifacts/nonsense/a",
                              "/api/v1/artifacts/sites", "/api/v1/artifacts/smtp-settings/a"})
    CHECK(centre.call("GET", nothing).status == 404);
  CHECK(centre.call("PUT", "/api/v1/artifacts/templates/a", centre.example("Artifact").dump()).status == 404);
}

TEST_CASE("what exists is changed and deleted only by who has seen it as it is") {
  Centre centre;
  const std::string path = "/api/v1/templates/Tank";
  auto document = centre.example("Template");
  const auto first = centre.put(path, document);
  document["spec"]["description"] = "another";
  const auto text = document.dump();
  CHECK(centre.call("PUT", path, text).status == 428);
  CHECK(centre.call("PUT", path, text, "If-Match: \"stale\"\r\n").status == 412);
  CHECK(centre.call("PUT", path, text, "If-Match: W/" + first + "\r\n").status == 412);
  CHECK(centre.call("PUT", path, text, "If-None-Match: *\r\n").status == 412);
  const auto changed = centre.call("PUT", path, text, "If-Match: \"other\", " + first + "\r\n");
  CHECK(changed.status == 200);
  CHECK(centre.call("DELETE", path).status == 428);
  CHECK(centre.call("DELETE", path, "", "If-Match: " + first + "\r\n").status == 412);
  CHECK(centre.call("DELETE", path, "", "If-Match: " + changed.header("etag") + "\r\n").status == 204);
  CHECK(centre.call("DELETE", path, "", "If-Match: *\r\n").status == 404);
}

TEST_CASE("what others need is not deleted, and the answer says who they are") {
  Centre centre;
  centre.put_examples();
  const auto refused = centre.call("DELETE", "/api/v1/templates/Tank", "", "If-Match: *\r\n");
  CHECK(refused.status == 409);
  CHECK(refused.body.find("instances/Tank7") != std::string::npos);
}

TEST_CASE("bodies that are no documents are refused where they are wrong") {
  Centre centre;
  const std::string path = "/api/v1/templates/Tank";
  CHECK(centre.call("PUT", path, "x", "Content-Type: text/plain\r\n").status == 415);
  const auto unknown =
      centre.call("PUT", path, R"({"kind":"Template","name":"Tank","spec":{"colour":"red"}})");
  CHECK(unknown.status == 400);
  CHECK(unknown.body.find("/spec/colour") != std::string::npos);
  CHECK(centre.call("PUT", path, R"({"kind":"Template","name":"Other","spec":{}})").status == 400);
  const auto wrong =
      GENERATE(as<std::string>(), R"({"kind":"Template","kind":"Template","name":"Tank","spec":{}})",
               "{\"kind\":\"Template\",\"name\":\"T\xff\",\"spec\":{}}", "{\"kind\":", "[]", "7");
  CHECK(centre.call("PUT", path, wrong).status == 400);
  CHECK(centre.call("PUT", path, std::string(10'000, '[') + std::string(10'000, ']')).status == 400);
}

TEST_CASE("a body over its limit is refused, a large set of documents is not") {
  Centre centre;
  const std::string large(kDocumentBytes + 1, ' ');
  CHECK(centre.call("PUT", "/api/v1/templates/Tank", large).status == 413);
  CHECK(centre.call("POST", "/api/v1/apply", large + centre.example("Site").dump()).status == 200);
}

TEST_CASE("who has no token can't send a large body either") {
  Centre centre;
  WireClient client(centre.port());
  client.send("POST /api/v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  CHECK(client.response().status == 401);
}

TEST_CASE("a script that does not compile is refused with its line") {
  Centre centre;
  auto document = centre.example("Template");
  document["spec"]["scripts"]["Control"]["source"] = "local ok = 1\nlocal = 2\n";
  const auto refused = centre.call("PUT", "/api/v1/templates/Tank", document.dump());
  CHECK(refused.status == 422);
  const auto errors = errors_of(refused);
  REQUIRE_FALSE(errors.empty());
  CHECK(errors.at(0).at("pointer") == "templates/Tank/scripts/Control:2");
}

TEST_CASE("a set of documents is applied whole, and an export changes nothing") {
  Centre centre;
  const auto documents = centre.example("Documents").dump();
  const auto dry = Json::parse(centre.call("POST", "/api/v1/apply?dry_run=true", documents).body);
  CHECK(dry.at("created") == 4);
  CHECK(centre.get("/api/v1/templates").at("templates").empty());
  CHECK(Json::parse(centre.call("POST", "/api/v1/apply", documents).body).at("created") == 4);
  for (const auto* format : {"yaml", "json"}) {
    const auto target = fmt::format("/api/v1/export?format={}", format);
    const auto exported = centre.call("GET", target);
    const auto again = centre.call("POST", "/api/v1/apply", exported.body,
                                   fmt::format("Content-Type: application/{}\r\n", format));
    CHECK(Json::parse(again.body).at("unchanged") == 4);
    CHECK(centre.call("GET", target).body == exported.body);
  }
  const auto before = centre.get("/api/v1/templates/Tank");
  auto broken = centre.example("Documents");
  broken[2]["spec"]["attributes"]["New"] = {{"type", "bool"}};
  broken[3]["spec"]["template"] = "Nowhere";
  CHECK(centre.call("POST", "/api/v1/apply", broken.dump()).status == 422);
  CHECK(centre.get("/api/v1/templates/Tank") == before);
}

TEST_CASE("lists page by name and filter") {
  Centre centre;
  centre.put_examples();
  auto instance = centre.example("Instance");
  for (const auto* name : {"Tank1", "Tank8", "Tank9"}) {
    instance["name"] = name;
    instance["spec"]["area"] = name == std::string("Tank9") ? "hall-2" : "hall-1";
    centre.put(fmt::format("/api/v1/instances/{}", name), instance);
  }
  std::vector<std::string> names;
  std::string cursor;
  do {
    const auto page = centre.get("/api/v1/instances?limit=3&cursor=" + cursor);
    for (const auto& row : page.at("instances")) names.push_back(row.at("name"));
    cursor = page.at("next");
  } while (!cursor.empty());
  CHECK(names == std::vector<std::string>{"Tank1", "Tank7", "Tank8", "Tank9"});
  CHECK(centre.get("/api/v1/instances?area=hall-1").at("instances").size() == 3);
  CHECK(centre.get("/api/v1/instances?area=hall").at("instances").empty());
  CHECK(centre.get("/api/v1/instances?site=south").at("instances").empty());
  CHECK(centre.get("/api/v1/instances?template=Tank&stale=true").at("instances").empty());
  CHECK(centre.get("/api/v1/instances?state=failed").at("instances").empty());
  CHECK(centre.get("/api/v1/sites/north/connections").at("connections").size() == 1);
  CHECK(centre.get("/api/v1/sites").at("sites").at(0).at("name") == "north");
}

TEST_CASE("a deploy to a site that is not connected fails at once and says so") {
  Centre centre;
  centre.put_examples();
  const auto begun = centre.call("POST", "/api/v1/instances/Tank7/deploy");
  REQUIRE(begun.status == 202);
  CHECK(begun.header("location") == "/api/v1/instances/Tank7/deployment");
  const auto deployment = centre.get(begun.header("location"));
  CHECK(deployment.at("state") == "failed");
  CHECK(deployment.at("reason") == "site-unreachable");
  CHECK(deployment.at("who") == "admin");
  const auto waited = centre.call("POST", "/api/v1/instances/Tank7/deploy?wait=30s", "{}");
  CHECK(waited.status == 200);
  CHECK(Json::parse(waited.body).at("state") == "failed");
  CHECK(centre.get("/api/v1/instances?state=failed").at("instances").size() == 1);
}

TEST_CASE("only what was reviewed is deployed") {
  Centre centre;
  centre.put_examples();
  const auto diff = centre.get("/api/v1/instances/Tank7/diff");
  CHECK(diff.at("deployed_revision") == "");
  CHECK_FALSE(diff.at("members").empty());
  const Json reviewed{{"revision", diff.at("derived_revision")}};
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/deploy", reviewed.dump()).status == 202);
  auto instance = centre.example("Instance");
  instance["spec"]["attributes"]["High"]["value"] = 60;
  centre.put("/api/v1/instances/Tank7", instance);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/deploy", reviewed.dump()).status == 412);
}

TEST_CASE("operations on what can't be operated on are refused") {
  Centre centre;
  centre.put_examples();
  for (const auto* verb : {"deploy", "disable", "enable"})
    CHECK(centre.call("POST", fmt::format("/api/v1/instances/Nobody/{}", verb)).status == 404);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/deploy?wait=61s").status == 400);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/deploy", R"({"colour":1})").status == 400);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/disable").status == 409);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/enable").status == 409);
  CHECK(centre.call("POST", "/api/v1/instances/Tank7/enable", "{}").status == 400);
  CHECK(centre.call("GET", "/api/v1/instances/Tank7/deployment").status == 404);
  CHECK(centre.call("GET", "/api/v1/instances/Tank7/deployed").status == 404);
}

TEST_CASE("an instance that was never deployed is deleted at once") {
  Centre centre;
  centre.put_examples();
  const std::string path = "/api/v1/instances/Tank7";
  CHECK(centre.call("DELETE", path).status == 428);
  const auto removed = centre.call("DELETE", path + "?wait=10s", "", "If-Match: *\r\n");
  CHECK(removed.status == 200);
  CHECK(Json::parse(removed.body).at("state") == "success");
  CHECK(centre.call("GET", path).status == 404);
}

TEST_CASE("what only the site knows is unavailable while nobody answers for it") {
  Centre centre;
  centre.put_examples();
  CHECK(centre.call("GET", "/api/v1/instances/Tank7/values").status == 503);
  CHECK(centre.call("GET", "/api/v1/instances/Nobody/values").status == 404);
  const auto alarms = centre.get("/api/v1/alarms");
  CHECK(alarms.at("alarms").empty());
  CHECK(alarms.at("unasked").at(0).at("site") == "north");
  CHECK(centre.call("GET", "/api/v1/alarms?site=south").status == 404);
}

TEST_CASE("nodes are named by their site and can be taken away again") {
  Centre centre;
  auto site = centre.example("Site");
  site["spec"]["nodes"] = {"a"};
  centre.put("/api/v1/sites/north", site);
  const std::string path = "/api/v1/sites/north/nodes/b";
  CHECK(centre.call("GET", path).status == 404);
  CHECK(centre.call("PUT", path).status == 201);
  CHECK(centre.call("PUT", path).status == 200);
  CHECK(centre.call("PUT", "/api/v1/sites/north/nodes/c").status == 400);
  const auto node = centre.call("GET", path);
  CHECK(Json::parse(node.body).at("online") == false);
  CHECK(centre.get("/api/v1/nodes?site=north").at("nodes").size() == 2);
  CHECK(centre.call("DELETE", path).status == 428);
  CHECK(centre.call("DELETE", path, "", "If-Match: " + node.header("etag") + "\r\n").status == 204);
  CHECK(centre.get("/api/v1/nodes").at("nodes").size() == 1);
}

TEST_CASE("a key that never knocked can't be accepted") {
  Centre centre;
  centre.put_examples();
  CHECK(centre.get("/api/v1/nodes/pending").at("pending").empty());
  const std::string path = "/api/v1/nodes/pending/0123456789abcdef/accept";
  CHECK(centre.call("POST", path, R"({"site":"north","node":"a"})").status == 404);
  CHECK(centre.call("POST", path, R"({"site":"north"})").status == 400);
  CHECK(
      centre.call("POST", path, "site=north", "Content-Type: application/x-www-form-urlencoded\r\n").status ==
      415);
}

TEST_CASE("a request that was never answered may outlive all that answers") {
  auto centre = std::make_unique<Centre>();
  std::promise<void> busy;
  std::promise<void> end;
  centre->loop().post([&] {
    busy.set_value();
    end.get_future().wait();
  });
  busy.get_future().wait();
  WireClient client(centre->port());
  client.send(request("GET", "/api/v1/sites", fmt::format("Authorization: Bearer {}\r\n", centre->token())));
  // The server, one thread, refuses a stranger by itself: it has handed on by then what came before.
  CHECK(status_without_token(*centre, "/api/v1/sites") == 401);
  centre->loop().stop();
  end.set_value();
  CHECK_NOTHROW(centre.reset());
}

TEST_CASE("the stream tells of deployments, and of what was missed") {
  Centre centre;
  centre.put_examples();
  const auto open = [&](const std::string& fields) {
    auto client = std::make_unique<WireClient>(centre.port());
    client->send(request("GET", "/api/v1/stream?topics=deployment",
                         fmt::format("Authorization: Bearer {}\r\n{}", centre.token(), fields)));
    REQUIRE(client->read_until("\n\n"));
    return client;
  };
  auto live = open("");
  REQUIRE(live->read_until("retry: "));
  const auto begun = live->received.find("id: ") + 4;
  const auto id = live->received.substr(begun, live->received.find('\n', begun) - begun);
  centre.call("POST", "/api/v1/instances/Tank7/deploy");
  CHECK(live->read_until("event: deployment\ndata: {"));
  CHECK(live->read_until("site-unreachable"));
  auto resumed = open("Last-Event-ID: " + id + "\r\n");
  CHECK(resumed->read_until("site-unreachable"));
  auto stranger = open("Last-Event-ID: anotherrun.7\r\n");
  CHECK(stranger->read_until("event: reset"));
}

}  // namespace fieldline::api::test

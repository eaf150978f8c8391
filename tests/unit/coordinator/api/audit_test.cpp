// Over real HTTP: whoever would change something is in the audit log before the answer leaves.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <sstream>

#include "common/sql/session.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/audit/limits.hpp"
#include "coordinator/audit_command.hpp"
#include "tests/postgresql/places.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

template <class Place>
struct PlaceOfCentre {
  const Place place;
};

template <class Place>
class RecordedCentre : private PlaceOfCentre<Place>, public Centre {
 public:
  RecordedCentre() : Centre({}, this->place.connection()) {}
};

Json entries_of(Centre& centre, const std::string& filter = "") {
  return centre.get("/api/v1/audit?limit=1000" + filter).at("entries");
}

// The same, once there are as many: what nobody waits for comes a moment later.
Json entries_of(Centre& centre, const std::string& filter, std::size_t count) {
  auto entries = entries_of(centre, filter);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (entries.size() < count && std::chrono::steady_clock::now() < deadline)
    entries = entries_of(centre, filter);
  REQUIRE(entries.size() == count);
  return entries;
}

struct Change {
  std::string method;
  std::string path;
  std::string id;
};

// Every operation of the OpenAPI document that is not a GET; unit.coordinator.api holds that against the
// table of routes. Its path parameters get `value`.
std::vector<Change> changing_operations(const Centre& centre, const std::string& value) {
  std::vector<Change> changes;
  for (const auto& [pattern, operations] : centre.openapi().document().at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      if (method == "get") continue;
      std::string path = pattern;
      for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
        path.replace(open, path.find('}') - open + 1,
                     path.substr(open).starts_with("{kind") ? "shared-scripts" : value);
      std::string upper = method;
      for (auto& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      changes.push_back({upper, path, operation.at("operationId")});
    }
  }
  return changes;
}

int send_as_stranger(Centre& centre, const std::string& method, const std::string& path,
                     const std::string& fields = "", const std::string& body = "") {
  WireClient client(centre.port());
  client.send(request(method, path, fields, body));
  return client.response().status;
}

std::string verified(const Centre& centre, int code) {
  coordinator::Settings settings;
  settings.state = centre.folder();
  settings.database = centre.database();
  std::ostringstream said;
  CHECK(coordinator::verify_audit(settings, said, said) == code);
  return said.str();
}

void edit(const Centre& centre, const std::string& statements) {
  auto session = sql::Session::open(centre.database());
  REQUIRE(session);
  REQUIRE(session->run(statements));
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("every request that would change something is one entry, by whoever came", "",
                        sql::Places) {
  RecordedCentre<TestType> centre;
  const auto changes = changing_operations(centre, "x");
  REQUIRE(changes.size() > 15);
  for (const auto& change : changes) {
    INFO(change.method << " " << change.path);
    const auto status = centre.call(change.method, change.path).status;
    const auto by_stranger = send_as_stranger(centre, change.method, change.path);
    const auto entries = entries_of(centre, "&action=" + change.id);
    REQUIRE(entries.size() == 2);
    CHECK(entries[1].at("result") == std::to_string(status));
    const bool comes_as_nobody = change.id == "logIn";
    CHECK(entries[1].at("who") == (comes_as_nobody ? "" : "admin"));
    CHECK(entries[1].at("kind") == (comes_as_nobody ? "anonymous" : "token"));
    CHECK(entries[0].at("result") == std::to_string(by_stranger));
    for (const auto& entry : entries) {
      CHECK(entry.at("method") == change.method);
      CHECK(entry.at("path") == change.path);
      CHECK(entry.at("address") == "127.0.0.1");
    }
    if (by_stranger == 401) CHECK(entries[0].at("kind") == "anonymous");
  }
  verified(centre, 0);
}

TEST_CASE("every operation that changes something says that it may be unrecorded") {
  const Centre centre;
  for (const auto& [pattern, operations] : centre.openapi().document().at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      INFO(method << " " << pattern);
      if (method != "get") CHECK(operation.at("responses").contains("503"));
    }
  }
}

TEMPLATE_LIST_TEST_CASE("what only reads is not in the log", "", sql::Places) {
  RecordedCentre<TestType> centre;
  centre.get("/api/v1/sites");
  centre.call("HEAD", "/api/v1/sites");
  centre.call("PUT", "/api/v1/nowhere");
  centre.call("DELETE", "/api/v1/whoami");
  CHECK(entries_of(centre).empty());
}

TEMPLATE_LIST_TEST_CASE(
    "a change of a document says from which revision to which, and nothing of what is in it", "",
    sql::Places) {
  RecordedCentre<TestType> centre;
  const std::string path = "/api/v1/templates/Tank";
  const auto revision = [](const std::string& etag) { return etag.substr(1, etag.size() - 2); };
  auto document = centre.example("Template");
  const auto first = revision(centre.put(path, document));
  document["spec"]["description"] = "hush-hush";
  const auto second =
      revision(centre.call("PUT", path + "?", document.dump(), "If-Match: *\r\n").header("etag"));
  CHECK(centre.call("PUT", path, document.dump(), "If-Match: \"stale\"\r\n").status == 412);
  CHECK(centre.call("DELETE", path, "", "If-Match: *\r\n").status == 204);
  const auto entries = entries_of(centre);
  REQUIRE(entries.size() == 4);
  CHECK(entries[3].at("details") == Json{{"revision_before", ""}, {"revision", first}});
  CHECK(entries[2].at("details") == Json{{"revision_before", first}, {"revision", second}});
  CHECK(entries[1].at("result") == "412");
  CHECK(entries[0].at("details") == Json{{"revision_before", second}, {"revision", ""}});
  for (const auto& entry : entries) CHECK(entry.at("document") == "templates/Tank");
  CHECK(entries.dump().find("hush-hush") == std::string::npos);
  CHECK(entries.dump().find(centre.token()) == std::string::npos);
}

TEMPLATE_LIST_TEST_CASE("an apply names what it changed, of much only the first", "", sql::Places) {
  RecordedCentre<TestType> centre;
  REQUIRE(centre.call("POST", "/api/v1/apply", centre.example("Documents").dump()).status == 200);
  auto details = entries_of(centre).at(0).at("details");
  CHECK(details.at("changed") == 4);
  CHECK(details.at("documents").at(0).at("document") == "sites/north");
  CHECK(details.at("dry_run") == false);
  auto many = Json::array();
  for (int i = 0; i < 200; ++i) many.push_back({{"kind", "Site"}, {"name", fmt::format("s{}", i)}});
  REQUIRE(centre.call("POST", "/api/v1/apply", many.dump()).status == 200);
  details = entries_of(centre).at(0).at("details");
  CHECK(details.at("changed") == 200);
  CHECK(details.at("documents").size() == audit::kNames);
}

TEMPLATE_LIST_TEST_CASE("a deployment is in the log when it is asked for and when it is over, under one id",
                        "", sql::Places) {
  RecordedCentre<TestType> centre;
  centre.put_examples();
  const auto deployment =
      Json::parse(centre.call("POST", "/api/v1/instances/Tank7/deploy?wait=10s", "{}").body);
  const auto entries = entries_of(centre, "&instance=Tank7&from=2020-01-01T00:00:00Z", 3);
  std::set<std::string> actions;
  for (const auto& entry : entries) {
    CHECK(entry.at("site") == (entry.at("action") == "putInstance" ? "" : "north"));
    if (entry.at("deployment_id") == deployment.at("id")) actions.insert(entry.at("action"));
  }
  CHECK(actions == std::set<std::string>{"deployInstance", "operationEnded"});
  const auto ends = entries_of(centre, "&action=operationEnded&result=failed&who=admin&site=north");
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].at("details").at("reason") == "site-unreachable");
  CHECK(ends[0].at("details").at("changes") == Json{{"not_compared", "nothing of that revision was sent"}});
}

TEMPLATE_LIST_TEST_CASE("what is refused before its body is read is recorded too", "", sql::Places) {
  RecordedCentre<TestType> centre;
  const std::string head = "Content-Length: 100000000\r\nContent-Type: application/json\r\n";
  WireClient client(centre.port());
  client.send(
      request("POST", "/api/v1/apply", fmt::format("Authorization: Bearer {}\r\n{}", centre.token(), head)));
  CHECK(client.response().status == 413);
  CHECK(send_as_stranger(centre, "POST", "/api/v1/apply", head) == 401);
  const auto entries = entries_of(centre, "", 2);
  CHECK(entries[1].at("result") == "413");
  CHECK(entries[1].at("who") == "admin");
  CHECK(entries[0].at("result") == "401");
}

TEMPLATE_LIST_TEST_CASE("a stranger can't fill the log", "", sql::Places) {
  RecordedCentre<TestType> centre;
  for (std::size_t i = 0; i < audit::kStrangersAtOnce + 50; ++i)
    send_as_stranger(centre, "DELETE", "/api/v1/sites/north", "Authorization: Bearer wrong\r\n");
  CHECK(entries_of(centre).size() == audit::kStrangersAtOnce);
}

TEMPLATE_LIST_TEST_CASE("when the log can't be written the answer says that the change may have been made",
                        "", sql::Places) {
  RecordedCentre<TestType> centre;
  edit(centre, "ALTER TABLE audit RENAME TO hidden");
  const auto answer = centre.call("PUT", "/api/v1/templates/Tank", centre.example("Template").dump());
  CHECK(answer.status == 503);
  CHECK(Json::parse(answer.body).at("code") == "unrecorded");
  edit(centre, "ALTER TABLE hidden RENAME TO audit");
  CHECK(centre.call("GET", "/api/v1/templates/Tank").status == 200);
  CHECK(centre.call("DELETE", "/api/v1/templates/Tank", "", "If-Match: *\r\n").status == 204);
  verified(centre, 0);
}

TEMPLATE_LIST_TEST_CASE("what is refused before it could change anything is not put down before, all else is",
                        "", sql::Places) {
  RecordedCentre<TestType> centre;
  edit(centre, "ALTER TABLE audit_intents RENAME TO hidden");
  const auto tank = centre.example("Template").dump();
  CHECK(send_as_stranger(centre, "DELETE", "/api/v1/sites/north") == 401);
  CHECK(send_as_stranger(centre, "POST", "/api/v1/login", "Content-Type: application/json\r\n",
                         R"({"name": "nobody", "password": "whatever it is"})") == 401);
  CHECK(centre.call("PUT", "/api/v1/templates/Tank?colour=red", tank).status == 400);
  CHECK(centre.call("PUT", "/api/v1/templates/Tank", tank, "Content-Type: text/plain\r\n").status == 415);
  centre.get("/api/v1/templates");
  CHECK(centre.call("PUT", "/api/v1/templates/Tank", tank).status == 503);
  edit(centre, "ALTER TABLE hidden RENAME TO audit_intents");
  // It was not carried out.
  CHECK(centre.call("GET", "/api/v1/templates/Tank").status == 404);
  CHECK(centre.call("PUT", "/api/v1/templates/Tank", tank).status == 201);
  auto session = sql::Session::open(centre.database()).value();
  long long left = -1;
  session.soci() << "SELECT COUNT(*) FROM audit_intents", soci::into(left);
  CHECK(left == 0);
}

TEMPLATE_LIST_TEST_CASE("the log pages newest first by its filters, and its cursors are its own", "",
                        sql::Places) {
  RecordedCentre<TestType> centre;
  for (int i = 0; i < 7; ++i)
    centre.put(fmt::format("/api/v1/sites/s{}", i), {{"kind", "Site"}, {"name", fmt::format("s{}", i)}});
  std::vector<std::int64_t> sequences;
  std::string cursor;
  do {
    const auto page = centre.get("/api/v1/audit?action=putSite&limit=3&cursor=" + cursor);
    for (const auto& entry : page.at("entries")) sequences.push_back(entry.at("sequence"));
    cursor = page.at("next");
    centre.call("PUT", "/api/v1/sites/later", "{}");
  } while (!cursor.empty());
  CHECK(sequences == std::vector<std::int64_t>{7, 6, 5, 4, 3, 2, 1});
  CHECK(entries_of(centre, "&site=s3").size() == 1);
  CHECK(entries_of(centre, "&result=400").size() == 3);
  CHECK(entries_of(centre, "&who=nobody").empty());
  CHECK(entries_of(centre, "&to=2020-01-01T00:00:00Z").empty());
  for (const auto* bad : {"cursor=xyz", "cursor=41", "from=yesterday", "limit=1001", "colour=red"})
    CHECK(centre.call("GET", std::string("/api/v1/audit?") + bad).status == 400);
}

TEMPLATE_LIST_TEST_CASE("a log edited by hand is named as such, while the coordinator runs", "",
                        sql::Places) {
  RecordedCentre<TestType> centre;
  centre.put_examples();
  CHECK(verified(centre, 0).find("sound: 4 entries") != std::string::npos);
  edit(centre, "UPDATE audit SET who = 'somebody else' WHERE sequence = 2");
  CHECK(verified(centre, 1).find("broken at entry 2 ") != std::string::npos);
}

}  // namespace fieldline::api::test

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "common/wire/codec.hpp"
#include "coordinator/api/limits.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/templates/documents.hpp"
#include "coordinator/templates/flatten.hpp"
#include "tests/unit/coordinator/api/centre.hpp"

namespace fieldline::api::test {
namespace {

constexpr int kFleet = 1000;

Json motor(int speed) {
  return {{"kind", "Template"},
          {"name", "Motor"},
          {"spec",
           {{"attributes",
             {{"Run", {{"type", "bool"}, {"address", "memory:run"}}},
              {"Speed", {{"type", "float"}, {"unit", "rpm"}, {"value", speed}}}}}}}};
}

std::string name_of(int i) {
  return fmt::format("M{:04}", i);
}

templates::Library fleet(int count) {
  std::string text =
      "kind: Site\nname: north\nspec: {nodes: [a]}\n---\nkind: Connection\nname: north/sim\n"
      "spec: {protocol: simulator}\n---\n" +
      motor(1).dump() + "\n";
  for (int i = 0; i < count; ++i) {
    text += fmt::format(
        "---\nkind: Instance\nname: {}\nspec: {{site: north, template: Motor, bindings: {{Run: {{connection: "
        "sim}}}}}}\n",
        name_of(i));
  }
  return templates::Library(templates::parse_documents(text, templates::TextFormat::kYaml).value());
}

void store(sql::Database& database, Executor& loop, const templates::Library& library) {
  database::DocumentChange documents;
  documents.written = library.all();
  documents.author = "ann";
  database::DocumentRecords(database).save(
      std::move(documents), [](const Result<>&) {}, loop);
}

// Writes are done in order.
void wait_for_writes(sql::Database& database) {
  REQUIRE(database.write_now([](soci::session&) -> Result<> { return {}; }));
}

// As if the whole fleet had been deployed as it is.
void deploy_fleet(sql::Database& database, Executor& loop) {
  const auto library = fleet(kFleet);
  store(database, loop, library);
  database::DeploymentRecords records(database);
  templates::Flattener flattener(library);
  for (int i = 0; i < kFleet; ++i) {
    auto derived = flattener.flatten(name_of(i)).value();
    database::DeploymentChange change;
    change.sent = {std::move(derived.bytes), name_of(i), wire::encode(derived.provenance), derived.revision};
    change.deployed = {{true, name_of(i), derived.revision, {}, "north"}};
    records.save(
        std::move(change), [](const Result<>&) {}, loop);
  }
  wait_for_writes(database);
}

std::string unquoted(const std::string& etag) {
  return etag.substr(1, etag.size() - 2);
}

}  // namespace

TEST_CASE("one answer compares a site of a thousand stale instances and names the edit behind them") {
  Centre centre(deploy_fleet);
  CHECK(centre.get("/api/v1/sites/north/diff").at("instances").empty());
  const auto from = unquoted(centre.call("GET", "/api/v1/templates/Motor").header("etag"));
  const auto to = unquoted(centre.put("/api/v1/templates/Motor", motor(2)));
  centre.put("/api/v1/instances/New1",
             {{"kind", "Instance"}, {"name", "New1"}, {"spec", {{"site", "north"}, {"template", "Motor"}}}});
  const auto diff = centre.get("/api/v1/sites/north/diff");
  CHECK(diff.at("causes") == Json::array({{{"document", "templates/Motor"},
                                           {"kind", "template"},
                                           {"from", from},
                                           {"to", to},
                                           {"instances", kFleet}}}));
  CHECK(diff.at("not_deployed") == Json::array({"New1"}));
  REQUIRE(diff.at("instances").size() == kFleet);
  for (int i = 0; i < kFleet; ++i) {
    const auto& entry = diff.at("instances").at(static_cast<std::size_t>(i));
    REQUIRE(entry.at("name") == name_of(i));
    REQUIRE(entry.at("diff").at("members").size() == 1);
    REQUIRE_FALSE(entry.contains("truncated"));
  }
  const auto alone = centre.get("/api/v1/instances/M0007/diff");
  const auto& entry = diff.at("instances").at(7);
  CHECK(entry.at("diff").at("members") == alone.at("members"));
  CHECK(entry.at("derived_revision") == alone.at("derived_revision"));
  CHECK(entry.at("deployed_revision") == alone.at("deployed_revision"));
  CHECK(centre.get("/api/v1/instances?stale=true&site=north&limit=1000").at("instances").size() == kFleet);
}

TEST_CASE("an instance that no longer derives has its findings in its site's diff") {
  Centre centre(deploy_fleet);
  auto unbound = motor(1);
  unbound["spec"]["attributes"]["Speed"]["address"] = "memory:speed";
  centre.put("/api/v1/templates/Motor", unbound);
  const auto diff = centre.get("/api/v1/sites/north/diff");
  REQUIRE(diff.at("instances").size() == kFleet);
  const auto& error = diff.at("instances").at(0).at("error");
  CHECK(error.at("code") == "validation-failed");
  CHECK(error.at("errors").at(0).at("code") == "address-not-bound");
  CHECK(diff.at("causes").empty());
  CHECK(centre.call("GET", "/api/v1/sites/nowhere/diff").status == 404);
}

TEST_CASE("a list finds what it is asked for behind thousands of others") {
  constexpr int kMany = static_cast<int>(kRowsPerTurn) + 10;
  Centre centre([](sql::Database& database, Executor& loop) {
    store(database, loop, fleet(kMany));
    wait_for_writes(database);
  });
  centre.put("/api/v1/instances/Z", {{"kind", "Instance"},
                                     {"name", "Z"},
                                     {"spec", {{"site", "north"}, {"area", "far"}, {"template", "Motor"}}}});
  const auto far = centre.get("/api/v1/instances?area=far&limit=1");
  REQUIRE(far.at("instances").size() == 1);
  CHECK(far.at("instances").at(0).at("name") == "Z");
  CHECK(far.at("next") == "");
  CHECK(centre.get("/api/v1/instances?stale=true").at("instances").empty());
  CHECK(centre.get("/api/v1/sites/north/health").at("instances") == kMany + 1);
}

TEST_CASE("members show where they come from, a page at a time") {
  Centre centre;
  centre.put_examples();
  const auto all = centre.get("/api/v1/instances/Tank7/members").at("members");
  CHECK(all.size() > 2);
  Json joined = Json::array();
  std::string cursor;
  do {
    const auto page = centre.get("/api/v1/instances/Tank7/members?limit=1&cursor=" + cursor);
    for (const auto& member : page.at("members")) joined.push_back(member);
    cursor = page.at("next");
  } while (!cursor.empty());
  CHECK(joined == all);
  CHECK(centre.get("/api/v1/templates/Tank/members").at("members").size() == all.size());
  CHECK(centre.call("GET", "/api/v1/templates/Nobody/members").status == 404);
  CHECK(centre.call("GET", "/api/v1/instances/Nobody/members").status == 404);
  CHECK(centre.call("GET", "/api/v1/templates/Tank/members?limit=1001").status == 400);
}

}  // namespace fieldline::api::test

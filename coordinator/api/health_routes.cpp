#include <map>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using deployment::DeploymentState;
using deployment::DerivedRevisions;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

// How the instances of one site stand.
struct Tally {
  int deployed = 0;
  int failed = 0;
  int instances = 0;
  int stale = 0;

  static constexpr auto fields =
      fields_in_order(required("deployed", &Tally::deployed), required("failed", &Tally::failed),
                      required("instances", &Tally::instances), required("stale", &Tally::stale));
};

// Of one site, or of all when `only` is empty.
std::map<std::string, Tally> tally(const Rooms& rooms, const DerivedRevisions& derived,
                                   std::string_view only) {
  std::map<std::string, Tally> by_site;
  const auto library = rooms.catalog.library();
  for (const auto& document : library->all(DocumentKind::kInstance)) {
    if (!only.empty() && document->instance().site != only) continue;
    const auto& name = document->key.name;
    auto& site = by_site[document->instance().site];
    ++site.instances;
    if (rooms.deployments.deployed(name)) ++site.deployed;
    if (rooms.deployments.is_stale(name, derived)) ++site.stale;
    const auto status = rooms.deployments.status(name);
    if (status && status->state == DeploymentState::kFailed) ++site.failed;
  }
  return by_site;
}

// Every site that there is, or only one: {site, time, connected, active, standby, nodes, artifacts,
// deployed, failed, instances, stale}.
std::map<std::string, Json> sites_health(const Rooms& rooms, const DerivedRevisions& derived,
                                         std::string_view only = {}) {
  std::map<std::string, Json> health;
  const auto tallies = tally(rooms, derived, only);
  const auto now = format_rfc3339(rooms.loop.clock().utc());
  const auto library = rooms.catalog.library();
  for (const auto& document : library->all(DocumentKind::kSite)) {
    const auto& site = document->key.name;
    if (!only.empty() && site != only) continue;
    const auto counted = tallies.find(site);
    auto json = to_json(counted == tallies.end() ? Tally() : counted->second);
    json["site"] = site;
    json["time"] = now;
    json["artifacts"] = to_json(rooms.artifacts.outline(site));
    json["connected"] = rooms.sites.connected(site);
    if (const auto active = rooms.sites.active(site)) json["active"] = active->node;
    if (const auto standby = rooms.sites.standby(site)) json["standby"] = standby->node;
    json["nodes"] = Json::array();
    health[site] = std::move(json);
  }
  for (const auto& node : rooms.sites.nodes()) {
    if (const auto site = health.find(node.site); site != health.end())
      site->second["nodes"].push_back(to_json(node));
  }
  return health;
}

void fleet_health(const Rooms& rooms, const Request&, const Reply& reply) {
  rooms.deployments.derived_revisions(
      answer_with<std::shared_ptr<const DerivedRevisions>>(reply, [rooms](const auto& derived) {
        auto sites = Json::array();
        for (auto& [name, health] : sites_health(rooms, *derived)) sites.push_back(std::move(health));
        return json_response(
            200, {{"time", format_rfc3339(rooms.loop.clock().utc())}, {"sites", std::move(sites)}});
      }));
}

void site_health(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  rooms.deployments.derived_revisions(
      answer_with<std::shared_ptr<const DerivedRevisions>>(reply, [rooms, key](const auto& derived) {
        auto all = sites_health(rooms, *derived, key.name);
        const auto found = all.find(key.name);
        return found == all.end() ? problem(no_document(key)) : json_response(200, found->second);
      }));
}

void show_metrics(const Rooms& rooms, const Request&, const Reply& reply) {
  reply.send({.status = 200,
              .content_type = "text/plain; version=0.0.4; charset=utf-8",
              .body = rooms.metrics.text()});
}

}  // namespace

void add_health_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/health",
                    .id = "getHealth",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, fleet_health)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/sites/{site}/health",
                    .id = "getSiteHealth",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, site_health)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/metrics",
                    .id = "getMetrics",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, show_metrics)});
}

}  // namespace fieldline::api

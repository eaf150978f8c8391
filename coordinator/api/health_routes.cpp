#include "coordinator/api/answers.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using deployment::DerivedRevisions;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

// Of the node that delivers, as it said last; its health has the targets.
void add_outbox(Json& json, const Rooms& rooms, const std::string& site) {
  const auto active = rooms.sites.active(site);
  const auto node = active ? rooms.sites.node(*active) : std::nullopt;
  if (!node || !node->health || !node->health->outbox) return;
  auto outbox = to_json(*node->health->outbox);
  outbox.erase("targets");
  outbox.erase("others");
  json["outbox"] = std::move(outbox);
}

// {site, time, connected, active, standby, nodes, artifacts, deployed, failed, instances, stale, outbox}.
Json health_of(const Rooms& rooms, const DerivedRevisions& derived, const std::string& site) {
  auto json = to_json(rooms.deployments.tally(site, derived));
  json["site"] = site;
  json["time"] = format_rfc3339(rooms.loop.clock().utc());
  json["artifacts"] = to_json(rooms.artifacts.outline(site));
  json["connected"] = rooms.sites.connected(site);
  if (const auto active = rooms.sites.active(site)) json["active"] = active->node;
  if (const auto standby = rooms.sites.standby(site)) json["standby"] = standby->node;
  add_outbox(json, rooms, site);
  json["nodes"] = Json::array();
  for (const auto& node : rooms.sites.nodes(site)) json["nodes"].push_back(to_json(node));
  return json;
}

void fleet_health(const Rooms& rooms, const Request&, const Reply& reply) {
  rooms.deployments.derived_revisions(
      answer_with<std::shared_ptr<const DerivedRevisions>>(reply, [rooms](const auto& derived) {
        auto sites = Json::array();
        const auto library = rooms.catalog.library();
        for (const auto& site : library->all(DocumentKind::kSite))
          sites.push_back(health_of(rooms, *derived, site->key.name));
        return json_response(
            200, {{"time", format_rfc3339(rooms.loop.clock().utc())}, {"sites", std::move(sites)}});
      }));
}

void site_health(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  rooms.deployments.derived_revisions(
      answer_with<std::shared_ptr<const DerivedRevisions>>(reply, [rooms, key](const auto& derived) {
        const bool gone = rooms.catalog.library()->find(key) == nullptr;
        return gone ? problem(no_document(key)) : json_response(200, health_of(rooms, *derived, key.name));
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

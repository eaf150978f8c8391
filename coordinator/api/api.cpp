#include "coordinator/api/api.hpp"

namespace fieldline::api {
namespace {

// What the stream says of a change: the instance and, where there are any, its deployment, what its
// site runs, and why they differ.
Json change_event(const deployment::Change& change) {
  Json event{{"instance", change.instance}};
  if (change.status) event["deployment"] = to_json(*change.status);
  if (change.deployed) event["deployed"] = to_json(*change.deployed);
  if (!change.message.empty()) event["message"] = change.message;
  return event;
}

// An instance of a bulk that went on; without one the bulk is over.
Json bulk_event(const deployment::BulkProgress& progress) {
  const auto& bulk = progress.bulk;
  Json event{{"bulk", bulk.id}, {"site", bulk.site}, {"counts", to_json(bulk.counts)}, {"over", bulk.over()}};
  if (!progress.instance) return event;
  const auto& instance = *progress.instance;
  event["instance"] = instance.instance;
  event["state"] = name(instance.state);
  if (!instance.deployment.empty()) event["deployment"] = instance.deployment;
  if (!instance.reason.empty()) event["reason"] = instance.reason;
  if (!instance.message.empty()) event["message"] = instance.message;
  return event;
}

}  // namespace

Routes all_routes(const Rooms& rooms) {
  Routes routes;
  add_account_routes(routes, rooms);
  add_alarm_routes(routes, rooms);
  add_apply_routes(routes, rooms);
  add_artifact_deployment_routes(routes, rooms);  // before those of kinds, which would take its paths
  add_artifact_routes(routes, rooms);
  add_audit_routes(routes, rooms);
  add_bulk_routes(routes, rooms);
  add_compare_routes(routes, rooms);
  add_deployment_routes(routes, rooms);
  add_event_routes(routes, rooms);
  add_failover_routes(routes, rooms);
  add_health_routes(routes, rooms);
  add_instance_routes(routes, rooms);
  add_login_routes(routes, rooms);
  add_member_routes(routes, rooms);
  add_node_routes(routes, rooms);
  add_outbox_routes(routes, rooms);
  add_own_routes(routes, rooms);
  add_parked_routes(routes, rooms);
  add_site_routes(routes, rooms);
  add_template_routes(routes, rooms);
  add_value_routes(routes, rooms);
  return routes;
}

Api::Api(const Neighbours& neighbours, std::string run)
    : stream_(neighbours.loop, std::move(run),
              [metrics = neighbours.metrics](std::size_t open) { metrics->set_streams(open); }) {}

void Api::follow(const Neighbours& neighbours) {
  neighbours.deployments.on_change([this](const deployment::Change& change) {
    stream_.publish(Topic::kDeployment, [&] { return change_event(change); });
  });
  neighbours.deployments.on_bulk([this](const deployment::BulkProgress& progress) {
    stream_.publish(Topic::kBulk, [&] { return bulk_event(progress); });
  });
  neighbours.artifacts.on_change([this](const artifacts::SiteRecord& record) {
    stream_.publish(Topic::kDeployment, [&] {
      auto site = to_json(record);
      site.erase("artifacts");
      return Json{{"artifacts", std::move(site)}};
    });
  });
  neighbours.sites.on_event([this](const sites::NodeEvent& event) {
    // Every node sends its health every few seconds: thousands of sites would leave the ring no room
    // for anything else.
    if (event.kind != sites::NodeEventKind::kHealth)
      stream_.publish(Topic::kNode, [&] { return to_json(event); });
  });
}

Result<std::unique_ptr<Api>> Api::start(const Neighbours& neighbours, Random& random,
                                        const Server::Listen& listen) {
  std::unique_ptr<Api> api(new Api(neighbours, random.id().substr(0, 12)));
  auto table = RouteTable::make(
      all_routes({neighbours.loop, neighbours.worker, neighbours.catalog, neighbours.sites,
                  neighbours.artifacts, neighbours.deployments, *neighbours.metrics, neighbours.readiness,
                  *neighbours.audit, api->stream_, neighbours.security, listen.tls.has_value()}));
  if (!table) return fail(std::move(table.error()));
  const Front::Neighbours around{
      .loop = neighbours.loop,
      .security = neighbours.security,
      .site_of =
          [&catalog = neighbours.catalog](const std::string& instance) {
            const auto document = catalog.library()->share({templates::DocumentKind::kInstance, instance});
            return document ? std::optional(document->instance().site) : std::nullopt;
          },
      .secure = listen.tls.has_value(),
      // A reply can outlive the metrics and the log; its client has gone by then.
      .count =
          [metrics = std::weak_ptr(neighbours.metrics)](std::string_view operation, int status,
                                                        Duration took) {
            const auto there = metrics.lock();
            if (!there) return;
            there->count_request(operation, status, took);
            if (status == 401 || status == 429) there->count_refused_credential();
          },
      .intend = [&log = *neighbours.audit](
                    audit::Entry entry,
                    audit::Log::Intended done) { log.intend(std::move(entry), std::move(done)); },
      .record =
          [log = std::weak_ptr(neighbours.audit)](audit::Entry entry, audit::Log::Done done) {
            if (const auto there = log.lock()) there->record(std::move(entry), std::move(done));
          }};
  api->front_ = std::make_unique<Front>(around, std::move(*table));
  auto server = Server::start(listen, *api->front_);
  if (!server) return fail(std::move(server.error()));
  api->server_ = std::move(*server);
  api->follow(neighbours);
  return api;
}

}  // namespace fieldline::api

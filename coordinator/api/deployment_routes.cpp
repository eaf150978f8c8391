#include "coordinator/api/answers.hpp"
#include "coordinator/api/operation.hpp"

namespace fieldline::api {

using deployment::DeployedConfig;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

void get_derived(const Rooms& rooms, const Request& request, const Reply& reply) {
  rooms.deployments.derived(request.param("name"), [rooms, reply](Result<templates::Derived> outcome) {
    if (!outcome) return reply.fail(outcome.error());
    const auto& config = outcome->config;
    auto warnings = rooms.deployments.warnings(config.site, config.instance, config.artifacts);
    answer_on_worker(rooms, reply,
                     [derived = std::make_shared<const templates::Derived>(std::move(*outcome)),
                      warnings = std::move(warnings)] {
                       return json_response(200, {{"revision", derived->revision},
                                                  {"size", derived->bytes.size()},
                                                  {"config", to_json(derived->config)},
                                                  {"provenance", to_json(derived->provenance)},
                                                  {"warnings", to_json(warnings)}});
                     });
  });
}

Response show_deployed(const DeployedConfig& deployed) {
  auto json = to_json(deployed.deployed);
  if (deployed.config) json["config"] = to_json(*deployed.config);
  if (deployed.provenance) json["provenance"] = to_json(*deployed.provenance);
  return json_response(200, json);
}

void get_deployed(const Rooms& rooms, const Request& request, const Reply& reply) {
  rooms.deployments.deployed_config(request.param("name"),
                                    render_on_worker<DeployedConfig>(rooms, reply, show_deployed));
}

void get_deployment(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kInstance, request.param("name")};
  if (const auto status = rooms.deployments.status(key.name))
    return reply.send(json_response(200, to_json(*status)));
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  reply.fail({ErrorCode::kNotFound, fmt::format("the instance '{}' was never deployed", key.name), {}, {}});
}

Handler operation(const Rooms& rooms,
                  void (deployment::Deployments::*run)(const std::string&, deployment::Request,
                                                       deployment::Answer<deployment::Deployment>)) {
  return [rooms, run](Request& request, const Reply& reply) {
    start_operation(rooms, request, reply, [&](const std::string& instance, auto by, auto done) {
      (rooms.deployments.*run)(instance, std::move(by), std::move(done));
    });
  };
}

}  // namespace

void add_deployment_routes(Routes& routes, const Rooms& rooms) {
  using deployment::Deployments;
  const auto view = [&](std::string what, std::string id, auto function) {
    routes.push_back({.method = Method::kGet,
                      .pattern = "/api/v1/instances/{name}/" + what,
                      .id = std::move(id),
                      .access = Permission::kView,
                      .handler = handled_by(rooms, function)});
  };
  view("derived", "getDerived", get_derived);
  view("deployed", "getDeployed", get_deployed);
  view("deployment", "getDeployment", get_deployment);
  const auto act = [&](const std::string& verb, Body body, auto run) {
    routes.push_back({.method = Method::kPost,
                      .pattern = "/api/v1/instances/{name}/" + verb,
                      .id = verb + "Instance",
                      .access = Permission::kDeploy,
                      .site = SiteOf::kInstance,
                      .query = {"wait"},
                      .body = body,
                      .handler = operation(rooms, run)});
  };
  act("deploy", Body::kJson, &Deployments::deploy);
  act("disable", Body::kNone, &Deployments::disable);
  act("enable", Body::kNone, &Deployments::enable);
}

}  // namespace fieldline::api

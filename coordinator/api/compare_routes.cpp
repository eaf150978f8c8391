#include <spdlog/spdlog.h>

#include "coordinator/api/answers.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using deployment::Comparison;
using deployment::InstanceDiff;
using deployment::SiteDiff;
using security::Permission;
using templates::DocumentKey;
using templates::DocumentKind;

namespace {

void get_diff(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto& instance = request.param("name");
  rooms.deployments.diff(instance, [rooms, reply, instance](Result<Comparison> outcome) {
    if (!outcome) return reply.fail(outcome.error());
    auto warnings = rooms.deployments.warnings(outcome->site, instance, outcome->artifacts);
    answer_on_worker(
        rooms, reply,
        [compared = std::make_shared<const Comparison>(std::move(*outcome)), warnings = std::move(warnings)] {
          auto json = to_json(compared->diff);
          json["deployed_revision"] = compared->deployed;
          json["derived_revision"] = compared->derived;
          json["same"] = compared->deployed == compared->derived;
          json["warnings"] = to_json(warnings);
          return json_response(200, json);
        });
  });
}

Json error_of(const InstanceDiff& instance) {
  const auto& error = *instance.error;
  if (http_status(error.code) == 500) {
    spdlog::error("api: {} can't be compared: {}", instance.instance, error.describe());
    return {{"code", name(error.code)},
            {"detail", "the coordinator could not do this; its log says why"},
            {"errors", Json::array()}};
  }
  return {{"code", name(error.code)}, {"detail", error.message}, {"errors", problem_errors(error)}};
}

// The diff is JSON already: thousands of them are not taken apart again.
std::string text_of(const InstanceDiff& instance) {
  Json json{{"name", instance.instance},
            {"deployed_revision", instance.deployed},
            {"derived_revision", instance.derived}};
  if (instance.error) json["error"] = error_of(instance);
  if (instance.truncated) json["truncated"] = true;
  auto text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (instance.diff.empty()) return text;
  text.back() = ',';
  return text + "\"diff\":" + instance.diff + "}";
}

Json causes_of(const SiteDiff& diff) {
  auto causes = Json::array();
  for (const auto& [cause, instances] : diff.causes) {
    auto json = to_json(cause);
    json["instances"] = instances;
    causes.push_back(std::move(json));
  }
  return causes;
}

Response show_site_diff(const SiteDiff& diff) {
  const Json rest{{"causes", causes_of(diff)}, {"not_deployed", diff.not_deployed}, {"site", diff.site}};
  auto response = json_response(200, rest);
  auto& body = response.body;
  body.resize(body.rfind('}'));
  body += ",\"instances\":[";
  for (const auto& instance : diff.instances) {
    if (body.back() != '[') body += ',';
    body += text_of(instance);
  }
  body += "]}\n";
  return response;
}

void get_site_diff(const Rooms& rooms, const Request& request, const Reply& reply) {
  const DocumentKey key{DocumentKind::kSite, request.param("site")};
  if (rooms.catalog.library()->find(key) == nullptr) return reply.fail(no_document(key));
  rooms.deployments.diff_site(key.name, render_on_worker<SiteDiff>(rooms, reply, show_site_diff));
}

}  // namespace

void add_compare_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/instances/{name}/diff",
                    .id = "getDiff",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, get_diff)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/sites/{site}/diff",
                    .id = "getSiteDiff",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, get_site_diff)});
}

}  // namespace fieldline::api

#include "coordinator/api/answers.hpp"
#include "coordinator/api/openapi.hpp"
#include "coordinator/api/problem.hpp"

namespace fieldline::api {

using security::Permission;

namespace {

void open_stream(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto topics = parse_topics(request.option("topics").value_or(""));
  if (!topics) return reply.fail(topics.error());
  rooms.stream.open(*topics, request.head.headers.find("Last-Event-ID").value_or(""), reply);
}

void alive(const Rooms&, const Request&, const Reply& reply) {
  reply.send({.status = 200, .content_type = "text/plain", .body = "ok\n"});
}

void ready(const Rooms& rooms, const Request& request, const Reply& reply) {
  const auto obstacle = rooms.readiness.obstacle();
  if (!obstacle.empty()) return reply.send(problem(503, "not-ready", obstacle));
  alive(rooms, request, reply);
}

void describe(const Rooms&, const Request&, const Reply& reply) {
  reply.send({.status = 200, .content_type = "application/json", .body = std::string(openapi_document())});
}

}  // namespace

void add_own_routes(Routes& routes, const Rooms& rooms) {
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/stream",
                    .id = "openStream",
                    .access = Permission::kView,
                    .query = {"topics"},
                    .handler = handled_by(rooms, open_stream)});
  // A handler runs on the loop, so a loop that hangs answers neither probe.
  routes.push_back({.method = Method::kGet,
                    .pattern = "/healthz",
                    .id = "getHealthz",
                    .access = Anyone{},
                    .handler = handled_by(rooms, alive)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/readyz",
                    .id = "getReadyz",
                    .access = Anyone{},
                    .handler = handled_by(rooms, ready)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/openapi.json",
                    .id = "getOpenApi",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, describe)});
  routes.push_back({.method = Method::kGet,
                    .pattern = "/api/v1/openapi.json",
                    .id = "getOpenApiOfVersion",
                    .access = Permission::kView,
                    .handler = handled_by(rooms, describe)});
}

}  // namespace fieldline::api

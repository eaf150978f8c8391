// What the handlers reach, and the files that they are in, by noun.
#pragma once

#include <vector>

#include "common/base/executor.hpp"
#include "common/base/worker.hpp"
#include "coordinator/api/routes.hpp"
#include "coordinator/api/stream.hpp"
#include "coordinator/artifacts/artifacts.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/health/metrics.hpp"
#include "coordinator/health/readiness.hpp"
#include "coordinator/security/security.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::api {

struct Rooms {
  Executor& loop;
  Worker& worker;  // renders what is long
  catalog::Catalog& catalog;
  sites::Sites& sites;
  artifacts::Artifacts& artifacts;
  deployment::Deployments& deployments;
  health::Metrics& metrics;
  health::Readiness& readiness;
  audit::Log& audit;
  Stream& stream;
  security::Security& security;
  bool secure = false;  // the line is TLS: cookies are for such only
};

using Routes = std::vector<Route>;

// `function` takes (const Rooms&, Request&, const Reply&).
template <class Function>
Handler handled_by(const Rooms& rooms, Function function) {
  return [rooms, function](Request& request, const Reply& reply) { function(rooms, request, reply); };
}

void add_account_routes(Routes& routes, const Rooms& rooms);
void add_alarm_routes(Routes& routes, const Rooms& rooms);
void add_apply_routes(Routes& routes, const Rooms& rooms);
void add_artifact_deployment_routes(Routes& routes, const Rooms& rooms);
void add_artifact_routes(Routes& routes, const Rooms& rooms);
void add_audit_routes(Routes& routes, const Rooms& rooms);
void add_bulk_routes(Routes& routes, const Rooms& rooms);
void add_compare_routes(Routes& routes, const Rooms& rooms);
void add_deployment_routes(Routes& routes, const Rooms& rooms);
void add_event_routes(Routes& routes, const Rooms& rooms);
void add_failover_routes(Routes& routes, const Rooms& rooms);
void add_health_routes(Routes& routes, const Rooms& rooms);
void add_instance_routes(Routes& routes, const Rooms& rooms);
void add_login_routes(Routes& routes, const Rooms& rooms);
void add_member_routes(Routes& routes, const Rooms& rooms);
void add_node_routes(Routes& routes, const Rooms& rooms);
void add_outbox_routes(Routes& routes, const Rooms& rooms);
void add_own_routes(Routes& routes, const Rooms& rooms);
void add_parked_routes(Routes& routes, const Rooms& rooms);
void add_site_routes(Routes& routes, const Rooms& rooms);
void add_template_routes(Routes& routes, const Rooms& rooms);
void add_value_routes(Routes& routes, const Rooms& rooms);

// All of them.
Routes all_routes(const Rooms& rooms);

}  // namespace fieldline::api

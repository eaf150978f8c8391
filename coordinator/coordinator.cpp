#include "coordinator/coordinator.hpp"

#include <set>

#include "coordinator/api/api.hpp"
#include "coordinator/artifacts/artifacts.hpp"
#include "coordinator/audit/artifact_ends.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/audit/operation_ends.hpp"
#include "coordinator/database/accounts.hpp"
#include "coordinator/database/artifact_deployment.hpp"
#include "coordinator/database/central_events.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/database/documents.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/database/term.hpp"
#include "coordinator/health/limits.hpp"
#include "coordinator/health/metrics.hpp"
#include "coordinator/health/readiness.hpp"
#include "coordinator/security/security.hpp"

namespace fieldline::coordinator {
namespace {

std::set<sites::NodeId> nodes_of(const templates::Library& library) {
  std::set<sites::NodeId> nodes;
  for (const auto& site : library.all(templates::DocumentKind::kSite)) {
    for (const auto& node : site->site().nodes) nodes.insert({site->key.name, node});
  }
  return nodes;
}

health::Readiness::Part worker_part(std::string name, Worker& worker, Executor& loop) {
  return {std::move(name), health::kWorkerPatience,
          [&worker, &loop](const health::Readiness::Answer& answer) {
            return worker.try_post([&loop, answer] { loop.post([answer] { answer({}); }); });
          }};
}

// Everything that a request may wait for beside the loop.
std::vector<health::Readiness::Part> parts_of(const Coordinator::Ground& ground) {
  const auto select_one = [](soci::session& sql) -> Result<> {
    int one = 0;
    sql << "SELECT 1", soci::into(one);
    return {};
  };
  auto& loop = ground.loop;
  auto& database = ground.database;
  return {{"the database, for reading,", health::kDatabasePatience,
           [&loop, &database, select_one](const health::Readiness::Answer& answer) {
             return database.read(select_one, answer, loop).has_value();
           }},
          {"the database, for writing,", health::kDatabasePatience,
           [&loop, &database, select_one](const health::Readiness::Answer& answer) {
             return database.submit(select_one, answer, loop).has_value();
           }},
          worker_part("the worker that takes in documents", ground.author, loop),
          worker_part("the worker that derives configurations", ground.engine, loop),
          worker_part("the worker that renders answers", ground.clerk, loop)};
}

}  // namespace

struct Coordinator::Rooms {
  Rooms(const Ground& ground_, const Settings& settings_, std::uint64_t term)
      : ground(ground_),
        settings(settings_),
        documents(ground.database),
        keys(ground.database),
        votes(ground.database, term),
        records(ground.database),
        events(ground.database),
        artifact_rows(ground.database),
        accounts(ground.database),
        audit_rows(ground.database),
        catalog({ground.loop, ground.author, documents, ground.box}),
        sites(ground.loop, ground.router, ground.admission, keys, votes, term,
              {settings.silence_limit, settings.ping_interval, settings.health_interval}),
        artifacts({ground.loop, ground.engine, catalog, sites, artifact_rows, ground.box}, term,
                  Random(ground.random.below(~std::uint64_t{0})), settings.deployment_deadline),
        deployments({ground.loop, ground.engine, catalog, sites, artifacts, records, events}, term,
                    Random(ground.random), {settings.deployment_deadline}),
        metrics(std::make_shared<health::Metrics>(FIELDLINE_VERSION)),
        readiness(ground.loop, parts_of(ground)) {
    catalog.on_change([this](const catalog::LibraryPointer&, const catalog::LibraryPointer& after) {
      sites.define(nodes_of(*after));
    });
  }

  Result<> start() {
    if (auto read = catalog.start(); !read) return read;
    if (auto settled = artifacts.start(); !settled) return settled;
    if (auto settled = deployments.start(); !settled) return settled;
    if (auto open = sites.start(deployments.inventory_keeper(), artifacts.keeper()); !open) return open;
    ground.loop.post([this] { sites.define(nodes_of(*catalog.library())); });
    return {};
  }

  Result<> serve(const api::Server::Listen& listen) {
    auto opened = security::Security::open(accounts, ground.loop, settings.state, settings.password_cost);
    if (!opened) return fail(opened.error());
    security = std::move(*opened);
    if (auto recording = start_audit(); !recording) return recording;
    metrics->watch(ground.loop, sites, deployments);
    readiness.start();
    auto started = api::Api::start({ground.loop, ground.clerk, catalog, sites, artifacts, deployments,
                                    metrics, readiness, *security, audit},
                                   ground.random, listen);
    if (!started) return fail(started.error());
    api = std::move(*started);
    return {};
  }

  Result<> start_audit() {
    auto opened = audit::Log::open({ground.loop, ground.clerk, audit_rows}, audit_key_file(settings));
    if (!opened) return fail(std::move(opened.error()));
    audit = std::move(*opened);
    operation_ends.emplace(audit::OperationEnds::Neighbours{ground.loop, ground.clerk, audit_rows, records,
                                                            deployments, *audit});
    if (auto found = operation_ends->start(); !found) return found;
    artifact_ends.emplace(audit::ArtifactEnds::Neighbours{audit_rows, artifacts, *audit});
    return artifact_ends->start();
  }

  Ground ground;
  const Settings settings;
  database::DocumentRecords documents;
  database::NodeKeys keys;
  database::SiteVotes votes;
  database::DeploymentRecords records;
  database::CentralEvents events;
  database::ArtifactDeployments artifact_rows;
  database::AccountRecords accounts;
  database::AuditRecords audit_rows;
  std::shared_ptr<audit::Log> audit;
  catalog::Catalog catalog;
  sites::Sites sites;
  artifacts::Artifacts artifacts;
  deployment::Deployments deployments;
  std::shared_ptr<health::Metrics> metrics;
  health::Readiness readiness;
  std::optional<audit::OperationEnds> operation_ends;
  std::optional<audit::ArtifactEnds> artifact_ends;
  std::unique_ptr<security::Security> security;
  std::unique_ptr<api::Api> api;
};

Result<std::unique_ptr<Coordinator>> Coordinator::build(const Ground& ground, const Settings& settings) {
  const auto term = database::raise_term(ground.database);
  if (!term) return fail(term.error());
  auto rooms = std::make_unique<Rooms>(ground, settings, *term);
  if (auto started = rooms->start(); !started) return fail(started.error());
  return std::unique_ptr<Coordinator>(new Coordinator(std::move(rooms)));
}

Coordinator::Coordinator(std::unique_ptr<Rooms> rooms) : rooms_(std::move(rooms)) {}
Coordinator::~Coordinator() = default;

Result<> Coordinator::serve(const api::Server::Listen& listen) {
  return rooms_->serve(listen);
}

std::uint16_t Coordinator::port() const {
  return rooms_->api->port();
}

std::span<const api::Route> Coordinator::routes() const {
  return rooms_->api->routes();
}

catalog::Catalog& Coordinator::catalog() {
  return rooms_->catalog;
}

sites::Sites& Coordinator::sites() {
  return rooms_->sites;
}

artifacts::Artifacts& Coordinator::artifacts() {
  return rooms_->artifacts;
}

deployment::Deployments& Coordinator::deployments() {
  return rooms_->deployments;
}

audit::Log& Coordinator::audit() {
  return *rooms_->audit;
}

}  // namespace fieldline::coordinator

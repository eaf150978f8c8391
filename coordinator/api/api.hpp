// The coordinator as engineers and programs see it: REST, the event stream and metrics over HTTP.
// Builds the table of routes, and serves it. Made and destroyed while the loop does not run, or on it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/base/random.hpp"
#include "coordinator/api/front.hpp"
#include "coordinator/api/rooms.hpp"
#include "coordinator/api/server.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/security/security.hpp"

namespace fieldline::api {

class Api {
 public:
  struct Neighbours {
    Executor& loop;
    Worker& worker;
    catalog::Catalog& catalog;
    sites::Sites& sites;
    artifacts::Artifacts& artifacts;
    deployment::Deployments& deployments;
    std::shared_ptr<health::Metrics> metrics;
    health::Readiness& readiness;
    security::Security& security;
    std::shared_ptr<audit::Log> audit;
  };

  // Errors as Server::start. All neighbours outlive this, and run no more tasks of its once it is gone.
  static Result<std::unique_ptr<Api>> start(const Neighbours& neighbours, Random& random,
                                            const Server::Listen& listen);

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  // All that is served.
  [[nodiscard]] std::span<const Route> routes() const { return front_->routes().all(); }

 private:
  Api(const Neighbours& neighbours, std::string run);
  void follow(const Neighbours& neighbours);

  Stream stream_;
  std::unique_ptr<Front> front_;
  std::unique_ptr<Server> server_;
};

}  // namespace fieldline::api

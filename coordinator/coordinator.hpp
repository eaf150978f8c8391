// The centre: builds the rooms and wires them, nothing else. main gives it real parts, a simulation
// gives it twins. Lives on its loop; made and destroyed while that does not run.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "common/net/admission.hpp"
#include "common/net/router.hpp"
#include "common/sql/database.hpp"
#include "coordinator/api/routes.hpp"
#include "coordinator/api/server.hpp"
#include "coordinator/artifacts/artifacts.hpp"
#include "coordinator/audit/log.hpp"
#include "coordinator/catalog/catalog.hpp"
#include "coordinator/deployment/deployments.hpp"
#include "coordinator/settings.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::coordinator {

class Coordinator {
 public:
  // What a coordinator stands on; all outlive it.
  struct Ground {
    Executor& loop;
    net::Router& router;
    net::Admission& admission;
    sql::Database& database;  // opened with database::migrations()
    Worker& author;           // one thread: parses and validates what is written
    Worker& engine;           // one thread: flattens and compares for deployments
    Worker& clerk;            // renders what is long for REST
    const SecretBox& box;     // of the secrets in the database
    Random random;
  };

  // Takes a new term and reads what is stored; operations that the last run left open have failed.
  // Waits for the database.
  static Result<std::unique_ptr<Coordinator>> build(const Ground& ground, const Settings& settings);
  ~Coordinator();

  // Answers HTTP from now on. Makes the first administrator's token when there is none yet.
  Result<> serve(const api::Server::Listen& listen);
  // Where HTTP is answered, once it is.
  [[nodiscard]] std::uint16_t port() const;
  // What is answered there.
  [[nodiscard]] std::span<const api::Route> routes() const;

  [[nodiscard]] catalog::Catalog& catalog();
  [[nodiscard]] sites::Sites& sites();
  [[nodiscard]] artifacts::Artifacts& artifacts();
  [[nodiscard]] deployment::Deployments& deployments();
  // Once it serves.
  [[nodiscard]] audit::Log& audit();

 private:
  struct Rooms;
  explicit Coordinator(std::unique_ptr<Rooms> rooms);
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace fieldline::coordinator

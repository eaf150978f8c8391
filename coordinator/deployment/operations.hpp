// The operations under way, at most one per instance: carries out what the state machine says. Lives
// on the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/ledger.hpp"
#include "coordinator/deployment/operation.hpp"
#include "coordinator/sites/order_numbers.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::deployment {

class Operations {
 public:
  struct Neighbours {
    Executor& loop;
    sites::Sites& sites;
    database::DeploymentRecords& records;
    Ledger& ledger;
    sites::OrderNumbers& numbers;
  };
  // Who is told, on the loop.
  struct Listeners {
    std::function<void(const Deployment& row, const Revision& before)> published;
    // What the site runs of `instance` has changed by operation `deployment`, which is on the disk.
    std::function<void(const std::string& site, const std::string& instance, const std::string& deployment)>
        took_effect;
    std::function<void(const std::string& site, const std::string& instance)> finished;
    std::function<void(const std::string& instance, const std::string& who, Answer<> done)> remove_document;
  };

  Operations(Neighbours neighbours, Listeners listeners, Random random, Duration deadline)
      : with_(neighbours), tell_(std::move(listeners)), random_(random), deadline_(deadline) {}

  // Takes the instance for one operation and gives its id. kConflict: somebody has it; kExhausted.
  Result<std::string> hold(const std::string& instance, DeploymentKind kind, const std::string& who);
  // What people should know of it, before it starts.
  void warn(const std::string& instance, std::vector<ReportedFinding> warnings);
  // For an operation that never began.
  void release(const std::string& instance);
  [[nodiscard]] bool held(const std::string& instance) const { return held_.contains(instance); }
  // May its site be acting on an order at this moment?
  [[nodiscard]] bool in_flight(const std::string& instance) const;

  // All three: the instance is held. `done` as Deployments says.
  void start(const std::string& instance, const std::string& site, Answer<Deployment> done);
  void start(const std::string& instance, const std::string& site, database::SentConfig config,
             Answer<Deployment> done);
  // A removal of what no site has.
  void finish_removal(const std::string& instance, const std::string& site, Answer<Deployment> done);

 private:
  struct Held {
    Deployment row;   // as it is to begin
    Revision before;  // what the site ran when it began
    Operation operation;
    std::optional<database::SentConfig> config;  // until it is saved
    std::shared_ptr<const std::string> bytes;
    sites::NodeId node;
    Executor::TimerId deadline = 0;
    bool compare = false;  // ask the node what it holds, at the end
    Answer<Deployment> done;
    Error save_error;
  };

  // By value: whoever is told may release the instance that the name came from.
  void run(std::string instance, Step step);
  void happen(std::string instance, const std::string& deployment, const OperationEvent& event);
  void perform(const std::string& instance, Act act);

  void save(Held& held);
  void send(Held& held);
  void hear(const std::string& instance, const std::string& deployment, const sites::OrderNews& news);
  void arm(Held& held);
  void check_report(Held& held, const Report& report);
  [[nodiscard]] database::DeploymentChange change_of(const Held& held) const;
  void record(Held& held);
  void take_effect(const Deployment& verdict, const database::DeploymentChange& change);
  void publish(const Held& held);
  void finish(const std::string& instance);

  Neighbours with_;
  Listeners tell_;
  Random random_;
  const Duration deadline_;
  std::unordered_map<std::string, Held> held_;
};

}  // namespace fieldline::deployment

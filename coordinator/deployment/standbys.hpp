// Brings standby nodes in line with what is deployed, one step of one instance at a time: hold, drop,
// disable, enable. Touches none before the site's active node has shown what it runs: until then the
// standby may be all there is. Lives on the loop.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "coordinator/database/deployment_records.hpp"
#include "coordinator/deployment/deployment.hpp"
#include "coordinator/deployment/ledger.hpp"
#include "coordinator/sites/order_numbers.hpp"
#include "coordinator/sites/sites.hpp"

namespace fieldline::deployment {

struct Standing {
  std::optional<StandbyState> state;  // absent: there is nothing to hold, or no second node
  std::string message;
};

class Standbys {
 public:
  struct Neighbours {
    Executor& loop;
    sites::Sites& sites;
    database::DeploymentRecords& records;
    const Ledger& ledger;
    sites::OrderNumbers& numbers;
  };

  // Both are told of an instance whose standing has changed.
  struct Listeners {
    std::function<void(const std::string& instance)> changed;
    // The standby has missed something, or refuses it.
    std::function<void(const std::string& instance, const std::string& message)> differs;
  };

  Standbys(Neighbours neighbours, Random random, Duration deadline, Listeners listeners)
      : with_(neighbours), random_(random), deadline_(deadline), tell_(std::move(listeners)) {}

  // A standby's session began: nothing is known yet of what it holds.
  void online(const sites::NodeId& node);
  // The session of a node ended, or it is no standby any more.
  void offline(const sites::NodeId& node);
  [[nodiscard]] bool is_standby(const sites::NodeId& node) const;
  // What the standby holds.
  void holds(const sites::NodeId& node, const Inventory& inventory);
  // The standby of the site may hold now what it refused for want of an artifact.
  void artifacts_changed(const std::string& site);
  // The active node of the site has shown what it runs.
  void align(const std::string& site);
  // An operation has changed what the site runs.
  void follow(const std::string& site, const std::string& instance, const std::string& deployment);

  [[nodiscard]] Standing standing(const std::string& site, const std::string& instance) const;
  // Is the standby at work on it, or about to be?
  [[nodiscard]] bool busy(const std::string& site, const std::string& instance) const;

 private:
  // Why nothing more is tried for an instance until it or the session changes.
  struct Obstacle {
    Revision revision;  // of what could not be held; empty: what could not be dropped
    StandbyState state = StandbyState::kBehind;
    std::string message;
  };
  struct InFlight {
    std::string id;
    Executor::TimerId deadline = 0;
  };
  struct Standby {
    sites::NodeId node;
    bool known = false;  // is what has no entry in `items` not there?
    bool told = true;    // has what it missed been told, of what it held when it was last asked?
    std::map<std::string, std::optional<InventoryItem>> items;
    std::map<std::string, std::string> waiting;  // instance → id of its next order
    std::map<std::string, InFlight> in_flight;
    std::map<std::string, Obstacle> obstacles;
  };
  struct Task {
    std::string site;
    Order order;
  };

  [[nodiscard]] const Deployed* wanted(const std::string& site, const std::string& instance) const;
  [[nodiscard]] const Obstacle* obstacle(const Standby& standby, const std::string& instance) const;
  // Nothing: it is in line, or there is an obstacle.
  [[nodiscard]] std::optional<OrderKind> next_step(const Standby& standby, const std::string& instance) const;
  // Null: the task is not under way any more.
  Standby* at_work(const Task& task);

  // What `instances` the standby has missed.
  void tell_missed(Standby& standby, const std::vector<std::string>& instances);
  void pump(const std::string& site);
  void begin(Standby& standby, const std::string& instance, const std::string& id, OrderKind kind);
  void read_next();
  void read(const Task& task);
  void send(const Task& task, std::shared_ptr<const std::string> config);
  void hear(const Task& task, const sites::OrderNews& news);
  void take(const Task& task, const Report& report);
  void stop(const Task& task, StandbyState state, const std::string& message);

  Neighbours with_;
  Random random_;
  const Duration deadline_;
  Listeners tell_;
  std::map<std::string, Standby> standbys_;  // by site
  std::deque<Task> unread_;                  // whose configurations are to be read: kMaxRepairs a site
  std::size_t reads_ = 0;
};

}  // namespace fieldline::deployment

// One node: builds the rooms and wires them, nothing else. main gives it real parts, a simulation
// gives it twins. Lives on its loop.
#pragma once

#include <functional>
#include <memory>

#include "agent/settings.hpp"
#include "agent/targets/courier.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/base/result.hpp"
#include "common/base/secret_box.hpp"
#include "common/base/worker.hpp"
#include "common/model/artifact.hpp"
#include "common/model/session.hpp"
#include "common/net/dealer.hpp"
#include "common/sql/database.hpp"

namespace fieldline::runtime {
class Strands;
}

namespace fieldline::agent {

class Agent {
 public:
  // What an agent stands on; all outlive it.
  struct Ground {
    Executor& loop;
    net::Dealer& dealer;
    sql::Database& configurations;  // opened with store::migrations()
    sql::Database& events;          // opened with events::migrations()
    sql::Database& journal;         // opened with journal::migrations()
    const SecretBox& secrets;       // under its key are the secrets in `configurations`
    runtime::Strands& strands;
    Worker& compiler;
    Random random;
    // Makes what speaks to other systems, which looks artifacts up with `resolve`.
    std::function<std::unique_ptr<targets::Courier>(targets::Resolve resolve)> courier;
  };

  // Reads what the node holds; waits for the disk.
  static Result<std::unique_ptr<Agent>> build(const Ground& ground, const Settings& settings);
  ~Agent();

  // Runs what is current, then dials the coordinator.
  void start();
  // Stops every instance, then what delivers their messages; answers once all they kept is durable.
  void stop(std::function<void()> done);

  [[nodiscard]] bool connected() const;
  // What is current, sorted by instance.
  [[nodiscard]] Inventory inventory() const;
  // Those that it holds, sorted by key.
  [[nodiscard]] ArtifactInventory artifacts() const;

 private:
  struct Rooms;
  explicit Agent(std::unique_ptr<Rooms> rooms);
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace fieldline::agent

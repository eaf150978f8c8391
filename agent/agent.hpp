// One node: builds the rooms and wires them, nothing else. main gives it real parts, a simulation
// gives it twins. Lives on its loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
#include "common/net/publisher.hpp"
#include "common/net/router.hpp"
#include "common/net/subscriber.hpp"
#include "common/sql/database.hpp"

namespace fieldline::runtime {
class Strands;
}

namespace fieldline::agent {

class Agent {
 public:
  // The lines to the other node of a pair: `router` and `publisher` admit `key`, which is the peer's.
  struct PeerLine {
    net::Dealer& dealer;
    net::Router& router;
    net::Publisher& publisher;
    net::Subscriber& subscriber;
    std::string key;
  };
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
    sql::Database& votes;                  // opened with pair::migrations()
    std::optional<PeerLine> peer;          // where the settings name one
    std::vector<std::string> set_aside{};  // which of its files were damaged, in words
  };

  // Reads what the node holds; waits for the disk.
  static Result<std::unique_ptr<Agent>> build(const Ground& ground, const Settings& settings);
  ~Agent();

  // Takes part in its pair. A node that asks nobody runs what is current, where it is the active one, and
  // then dials the coordinator; the others need that to become active.
  void start();
  // Told when the journal turned out to be damaged and the node has a peer: it is to be stopped, so that the
  // other one goes on with what it has, and to be started again, which sets the file aside.
  void on_broken(std::function<void()> listener);
  // Hands over to the other node if that can take over, or gives the lease back; stops every instance, then
  // what delivers their messages. Answers once all they kept is durable.
  void stop(std::function<void()> done);

  [[nodiscard]] bool connected() const;
  [[nodiscard]] Role role() const;
  // May it write to the field, now?
  [[nodiscard]] bool may_act() const;
  // What is current, sorted by instance.
  [[nodiscard]] Inventory inventory() const;
  // Those that it holds, sorted by key.
  [[nodiscard]] ArtifactInventory artifacts() const;

 private:
  struct Rooms;
  Agent(std::unique_ptr<Rooms> rooms, bool paired, pair::Control control);
  // `then` once the other node is active, or will not be: the switch is given up, that node stops too, or it
  // is `limit`.
  void when_replaced(Instant limit, std::function<void()> then);

  std::unique_ptr<Rooms> rooms_;
  const bool paired_;
  const bool asks_;  // the other voters, or nobody ever
};

}  // namespace fieldline::agent

// Keeps the journals of a pair's two nodes alike: feeds the peer while this node is active, follows it while
// it stands by. Drives the follower, and carries out what it says. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/journal/journal.hpp"
#include "agent/replica/feed.hpp"
#include "agent/replica/follower.hpp"
#include "agent/replica/stream_link.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/model/lease.hpp"
#include "common/model/status.hpp"
#include "common/net/frames.hpp"
#include "common/net/publisher.hpp"
#include "common/net/subscriber.hpp"
#include "common/wire/message.hpp"

namespace fieldline::replica {

class Replica {
 public:
  struct Surroundings {
    Executor& loop;
    journal::Journal& journal;
    net::Publisher& publisher;
    net::Subscriber& subscriber;
    std::function<void(net::Frames)> to_peer;        // what finds no connection is lost
    std::function<std::optional<NodePhase>()> peer;  // nothing while it is not heard
    // How far this node's journal reaches, each time that it reaches further.
    std::function<void(const JournalPosition&)> reached;
  };

  // All outlive it. `resync_rate` is in bytes a second.
  Replica(Surroundings with, std::int64_t resync_rate, Random random);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // As Feed::on_level(); before start().
  void on_level(std::function<void(const std::string& journal)> listener) {
    feed_.on_level(std::move(listener));
  }
  void start();
  // This node is active, and its journal knows the epoch.
  void feed();
  // The same in a later epoch.
  void raised();
  // It stands by.
  void follow();
  // It does neither.
  void rest();
  // The peer hands over: it hears at once how far this node is.
  void hurry() { handle(Hurry{}); }
  // What the peer sent over the peer channel.
  void hear(const wire::Envelope& envelope);

  [[nodiscard]] ReplicationHealth health() const;
  [[nodiscard]] const State& follower() const { return state_; }

 private:
  void handle(Event event);
  void carry_out(Action& action);
  void stream(const wire::Envelope& envelope);
  void page(const wire::Envelope& envelope);
  void grown();
  void tick();
  void mend();
  void look_up(const RecordsQuery& query);
  void restore(const wire::Envelope& envelope);
  template <class T, class Then>
  std::function<void(Result<T>)> then(Then event);

  const Surroundings with_;
  Feed feed_;
  State state_;
  StreamLink link_;
  Executor::TimerId timer_ = 0;
  Instant mended_{};
  std::size_t mended_through_ = 0;
  std::shared_ptr<Replica*> self_;  // late answers to a replica that is gone find it expired
};

}  // namespace fieldline::replica

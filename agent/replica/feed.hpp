// What an active node gives its standby: the stream of its journal, pages of what it missed, and an ear for
// how far it is. Never waits for it. Answers a standby that offers messages. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/journal/journal.hpp"
#include "common/base/executor.hpp"
#include "common/model/replication.hpp"
#include "common/net/frames.hpp"
#include "common/net/publisher.hpp"

namespace fieldline::replica {

class Feed {
 public:
  struct Surroundings {
    Executor& loop;
    journal::Journal& journal;
    net::Publisher& publisher;
    std::function<void(net::Frames)> to_peer;  // what finds no connection is lost
  };

  // All outlive it. `resync_rate` is in bytes a second.
  Feed(Surroundings with, std::int64_t resync_rate);
  ~Feed();
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  // This node is active: streams what its journal gets from now on.
  void begin();
  void end();
  // The journal grew.
  void grow();
  // Shows a lost tail; once a second.
  void beacon();

  void take(const ResyncQuery& query);
  void take(const ReplicaAck& ack);
  void take(const TailOffer& offer, std::string_view bytes);
  // Told, again and again, that the standby has nothing of its own any more, and in which journal.
  void on_level(std::function<void(const std::string& journal)> listener) { level_ = std::move(listener); }

  [[nodiscard]] bool runs() const { return runs_; }
  // When the standby was last heard to follow.
  [[nodiscard]] std::optional<Instant> heard() const { return heard_; }
  // What the standby is not known to have: how many records, and since when the first of them stands there.
  [[nodiscard]] std::optional<std::int64_t> lag() const;
  [[nodiscard]] Duration lag_age() const;

 private:
  // The pages that a standby asks for.
  struct Resync {
    std::uint64_t number = 0;
    journal::Place next = 0;
    std::size_t window = 0;
    std::deque<journal::Place> sent;  // pages without room made for others, by their ends
    bool done = true;
    Instant not_before{};
  };

  void locate();
  void read();
  void publish(const journal::Records& records);
  void serve_pages();
  void send_page(const journal::Records& records, journal::Place from);
  void grew(journal::Place newest);
  [[nodiscard]] std::uint64_t epoch() const { return with_.journal.epoch(); }
  // For an answer that may come late: not after end(), nor another begin().
  template <class Task>
  auto while_running(Task task);

  const Surroundings with_;
  const std::int64_t resync_rate_;
  std::function<void(const std::string&)> level_;
  bool runs_ = false;
  std::shared_ptr<int> run_;  // of this begin()
  std::optional<journal::Place> published_;
  bool locating_ = false;
  bool reading_ = false;
  bool read_again_ = false;
  Resync resync_;
  bool reading_page_ = false;
  Executor::TimerId page_timer_ = 0;
  std::optional<journal::Place> acked_;
  std::optional<Instant> heard_;
  std::deque<std::pair<journal::Place, Instant>> growths_;  // that are not acked
};

}  // namespace fieldline::replica

// The line by which a node hears its peer's stream: dialed, and dialed again after it is lost. Takes nothing
// but batches of records; what else comes is counted and dropped. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/net/subscriber.hpp"
#include "common/wire/message.hpp"

namespace fieldline::replica {

class StreamLink {
 public:
  // Both outlive it.
  StreamLink(Executor& loop, net::Subscriber& subscriber, Random random);
  ~StreamLink();
  StreamLink(const StreamLink&) = delete;
  StreamLink& operator=(const StreamLink&) = delete;

  void start(std::function<void(const wire::Envelope&)> heard);
  // When something came last, or it was dialed last.
  [[nodiscard]] Instant heard() const { return heard_at_; }
  // It is silent, though somebody speaks there.
  void redial();
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  void drop(std::string_view why);

 private:
  void receive(const net::Frames& frames);
  void dial();
  void dial_later();

  Executor& loop_;
  net::Subscriber& subscriber_;
  Random random_;
  std::function<void(const wire::Envelope&)> heard_;
  Instant heard_at_{};
  unsigned attempt_ = 0;  // dials since a connection stood
  Executor::TimerId timer_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace fieldline::replica

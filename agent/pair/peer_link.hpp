// The two lines between the nodes of a pair: this node dials the peer's router and sends there, and hears
// what the peer sends to its own. Takes messages of the peer's key only, and no type of another channel;
// what is malformed is counted and dropped. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/pair/role.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/net/dealer.hpp"
#include "common/net/frames.hpp"
#include "common/net/router.hpp"
#include "common/wire/message.hpp"

namespace fieldline::pair {

class PeerLink {
 public:
  // All outlive it; `router` admits `peer_key`.
  PeerLink(Executor& loop, net::Dealer& dealer, net::Router& router, std::string peer_key, Random random);
  ~PeerLink();
  PeerLink(const PeerLink&) = delete;
  PeerLink& operator=(const PeerLink&) = delete;

  // `heard` gets each message; `foreign` is told when the peer speaks another major version.
  void start(std::function<void(const PeerMessage&)> heard, std::function<void(std::string)> foreign);
  // Who gets the messages about the journals, types 56 to 63; before start().
  void on_journals(std::function<void(const wire::Envelope&)> heard) { journals_ = std::move(heard); }
  // What finds no connection, or a full one, is lost: all of it is said again a second later.
  void send(const PeerMessage& message, std::uint64_t epoch);
  void send(net::Frames frames);
  // Messages dropped so far, either way.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  void receive(const net::Router::Arrival& arrival);
  void dial();
  void dial_later();
  void drop(std::string_view why);

  Executor& loop_;
  net::Dealer& dealer_;
  net::Router& router_;
  const std::string peer_key_;
  Random random_;
  std::function<void(const PeerMessage&)> heard_;
  std::function<void(std::string)> foreign_;
  std::function<void(const wire::Envelope&)> journals_;
  unsigned attempt_ = 0;  // dials since a connection stood
  Executor::TimerId timer_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace fieldline::pair

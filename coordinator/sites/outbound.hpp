// Messages on their way out. What finds a connection's queue full waits here, in order; a peer that
// lets too much wait is reported as gone. Lives on the loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/base/executor.hpp"
#include "common/net/router.hpp"
#include "common/wire/message.hpp"

namespace fieldline::sites {

class Outbound {
 public:
  using Peer = net::Router::Peer;

  Outbound(Executor& loop, net::Router& router, std::uint64_t term)
      : loop_(loop), router_(router), term_(term) {}

  // `body` fits its message type.
  template <class Body>
  void send(const Peer& peer, const Body& body, std::uint64_t correlation = 0, std::string attachment = {}) {
    push(peer, wire::seal(body, term_, correlation, std::move(attachment)));
  }
  // The term of `header` is given here.
  void send(const Peer& peer, wire::Header header, std::string body) {
    header.term = term_;
    push(peer, wire::seal(header, std::move(body)));
  }
  // Drops what waits for this peer.
  void forget(const Peer& peer) { waiting_.erase(peer); }
  // Called on the loop, never from inside send().
  void on_gone(std::function<void(const Peer&, std::string_view why)> listener) {
    gone_ = std::move(listener);
  }

 private:
  void push(const Peer& peer, net::Frames&& frames);
  void arm();
  void flush();
  void lose(const Peer& peer, std::string_view why);

  Executor& loop_;
  net::Router& router_;
  const std::uint64_t term_;
  std::unordered_map<Peer, std::deque<net::Frames>> waiting_;
  Executor::TimerId timer_ = 0;
  std::function<void(const Peer&, std::string_view)> gone_;
};

}  // namespace fieldline::sites

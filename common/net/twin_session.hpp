// A simulated connection and what is in flight on it: plain values of LossyNetwork.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "common/base/executor.hpp"
#include "common/net/dealer.hpp"
#include "common/net/frames.hpp"

namespace fieldline::net {

class TwinDealer;
class TwinRouter;

// What listens at a host: a router, or a publisher.
enum class TwinPort { kControl, kStream };

// From dealer to router, and back.
enum class Way { kUp, kDown };

struct TwinPacket {
  enum class Kind {
    kHandshake,  // up: the dealer shows its key
    kMessage,
    kNews,  // down: the handshake's outcome, or the end
    kBye,   // up: the dealer left
  };

  Kind kind = Kind::kMessage;
  Instant due{};
  Frames frames = {};
  Link news = Link::kReady;
};

struct TwinFlow {
  std::string from;  // hosts
  std::string to;
  std::deque<TwinPacket> packets;  // in the order in which they will arrive
  bool armed = false;              // a task waits for the first of them
};

struct TwinSession {
  using Id = std::uint64_t;

  [[nodiscard]] TwinFlow& flow(Way way) { return way == Way::kUp ? up : down; }
  // Where what goes that way arrives; null when nobody is at that end any more.
  [[nodiscard]] Executor* receiver(Way way) const;

  Id id = 0;
  std::string key;  // of the dealer
  TwinDealer* dealer = nullptr;
  TwinRouter* router = nullptr;
  bool established = false;
  TwinFlow up;
  TwinFlow down;
};

}  // namespace fieldline::net

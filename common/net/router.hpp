// The end that accepts connections and can tell its peers apart. Hands on only messages of keys
// that are admitted at that moment, within the limits. Lives on one executor, handlers included.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/net/frames.hpp"

namespace fieldline::net {

class Router {
 public:
  // One connection, opaque. The same node has another one after each reconnect.
  using Peer = std::string;

  struct Arrival {
    Peer peer;
    std::string key;  // the sender's authenticated CURVE public key, Z85
    Frames frames;
  };

  virtual ~Router() = default;

  // A handler must not destroy its router; it posts that.
  virtual void on_message(std::function<void(Arrival&&)> handler) = 0;
  // Told of each message that was dropped: over a limit, or of a key that is no longer admitted.
  virtual void on_refused(std::function<void(const std::string& key, std::string_view reason)> handler) = 0;
  // Never blocks. kGone also for a peer whose key is no longer admitted.
  [[nodiscard]] virtual Sent send(const Peer& peer, Frames&& frames) = 0;
  // Messages refused so far.
  [[nodiscard]] virtual std::uint64_t refused() const = 0;
};

}  // namespace fieldline::net

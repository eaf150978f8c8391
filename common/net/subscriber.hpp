// The end that dials one publisher, whose public key it knows, and takes all that it sends. One reconnect()
// is one connection, as with a Dealer. Lives on one executor, handlers included.
#pragma once

#include <cstdint>
#include <functional>

#include "common/base/result.hpp"
#include "common/net/dealer.hpp"
#include "common/net/frames.hpp"

namespace fieldline::net {

class Subscriber {
 public:
  virtual ~Subscriber() = default;

  // A handler may reconnect(), but must not destroy its subscriber; it posts that.
  virtual void on_message(std::function<void(Frames&&)> handler) = 0;
  // Takes effect with the next reconnect(); from then on there is news within kDialTimeout.
  virtual void on_link(std::function<void(Link)> handler) = 0;
  // Drops the connection, if any, and dials anew at once. Fails when the endpoint is malformed or
  // descriptors have run out; then there is no connection.
  virtual Result<> reconnect() = 0;
  // Messages over a limit that were dropped so far.
  [[nodiscard]] virtual std::uint64_t refused() const = 0;
};

}  // namespace fieldline::net

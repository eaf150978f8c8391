// The end that dials one router, whose public key it knows. One reconnect() is one connection: when
// it ends nothing dials again by itself, back-off is the caller's. Lives on one executor, handlers
// included.
#pragma once

#include <cstdint>
#include <functional>

#include "common/base/result.hpp"
#include "common/net/frames.hpp"

namespace fieldline::net {

// News of a connection. After any but kReady it is over, and send() says kGone.
enum class Link {
  kReady,        // both keys are proven
  kUnreachable,  // nobody listens there, or nobody answered in time
  kRefused,      // the router does not admit our key
  kLost,         // it broke, the router left, or the handshake failed
};

class Dealer {
 public:
  virtual ~Dealer() = default;

  // A handler may reconnect(), but must not destroy its dealer; it posts that.
  virtual void on_message(std::function<void(Frames&&)> handler) = 0;
  // Takes effect with the next reconnect(); from then on there is news within kDialTimeout. A dealer
  // without this handler learns the end of its connection from silence only, and costs two
  // descriptors less.
  virtual void on_link(std::function<void(Link)> handler) = 0;
  // Never blocks. Queues what is sent before kReady; kGone before the first reconnect().
  [[nodiscard]] virtual Sent send(Frames&& frames) = 0;
  // Drops the connection, if any, with all that was queued, and dials anew at once. Fails when the
  // endpoint is malformed or descriptors have run out; then there is no connection.
  virtual Result<> reconnect() = 0;
  // Messages over a limit that were dropped so far.
  [[nodiscard]] virtual std::uint64_t refused() const = 0;
};

}  // namespace fieldline::net

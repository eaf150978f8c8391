// Watches one socket's connection through libzmq's monitor and tells its observer the news. Lives
// on the loop; goes before its socket.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "common/net/dealer.hpp"
#include "common/net/loop.hpp"

namespace fieldline::net {

class Socket;

class Monitor final : private Loop::Source {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    // May destroy the monitor.
    virtual void link_changed(Link link) = 0;
  };

  // Call it before the socket connects.
  static Result<std::unique_ptr<Monitor>> attach(Loop& loop, Socket& socket, Observer& observer);
  ~Monitor() override;
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

 private:
  Monitor(Loop& loop, Socket& watched, std::unique_ptr<Socket> news, Observer& observer);
  bool take_turn() override;

  Loop& loop_;
  Socket& watched_;
  const std::unique_ptr<Socket> news_;
  Observer& observer_;
};

}  // namespace fieldline::net

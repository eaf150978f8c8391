// The dialling end on TCP: a ZeroMQ socket with CURVE, a new one for each connection. Lives on its loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/net/dealer.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/monitor.hpp"

namespace fieldline::net {

class Socket;

class CurveDial final : private Loop::Source, private Monitor::Observer {
 public:
  enum class Kind { kDealer, kSubscriber };
  struct Options {
    std::string endpoint;    // "tcp://coordinator.example:7100"
    std::string server_key;  // the public key of who listens, Z85
    int send_high_water = kSendHighWater;
    int receive_high_water = kReceiveHighWater;
    Duration dial_timeout = kDialTimeout;
  };

  CurveDial(Loop& loop, Kind kind, KeyPair keys, Options options);
  ~CurveDial() override;
  CurveDial(const CurveDial&) = delete;
  CurveDial& operator=(const CurveDial&) = delete;

  // As Dealer has them.
  void on_message(std::function<void(Frames&&)> handler) { on_message_ = std::move(handler); }
  void on_link(std::function<void(Link)> handler) { on_link_ = std::move(handler); }
  [[nodiscard]] Sent send(Frames&& frames);
  Result<> reconnect();
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  bool take_turn() override;
  void link_changed(Link link) override;
  Result<> observe(Socket& socket);
  void close();

  Loop& loop_;
  const Kind kind_;
  const KeyPair keys_;
  const Options options_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<Monitor> monitor_;
  Executor::TimerId dialling_ = 0;
  bool over_ = false;
  std::function<void(Frames&&)> on_message_;
  std::function<void(Link)> on_link_;
  std::uint64_t refused_ = 0;
};

}  // namespace fieldline::net

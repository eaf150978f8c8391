// The dealer on TCP: a ZeroMQ DEALER with CURVE, a new socket for each connection. Lives on its loop.
#pragma once

#include <memory>
#include <string>

#include "common/net/dealer.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/monitor.hpp"

namespace fieldline::net {

class Socket;

class CurveDealer final : public Dealer, private Loop::Source, private Monitor::Observer {
 public:
  struct Options {
    std::string endpoint;    // "tcp://coordinator.example:7100"
    std::string server_key;  // the router's public key, Z85
    int send_high_water = kSendHighWater;
    int receive_high_water = kReceiveHighWater;
    Duration dial_timeout = kDialTimeout;
  };

  CurveDealer(Loop& loop, KeyPair keys, Options options);
  ~CurveDealer() override;
  CurveDealer(const CurveDealer&) = delete;
  CurveDealer& operator=(const CurveDealer&) = delete;

  void on_message(std::function<void(Frames&&)> handler) override { on_message_ = std::move(handler); }
  void on_link(std::function<void(Link)> handler) override { on_link_ = std::move(handler); }
  [[nodiscard]] Sent send(Frames&& frames) override;
  Result<> reconnect() override;
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

 private:
  bool take_turn() override;
  void link_changed(Link link) override;
  Result<> observe(Socket& socket);
  void close();

  Loop& loop_;
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

// The router on TCP: a ZeroMQ ROUTER with CURVE, guarded by ZAP. Lives on its loop.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/router.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

class Socket;

class CurveRouter final : public Router, private Loop::Source {
 public:
  struct Options {
    std::string endpoint;  // "tcp://127.0.0.1:7100"; port * is a free one
    std::string domain;    // names this router's list of keys to ZAP; one router each
    int send_high_water = kSendHighWater;
    int receive_high_water = kReceiveHighWater;
  };

  // Fails when the endpoint is malformed or taken. Needs the ZAP handler to be there already:
  // without one libzmq takes any key. `zap` and `admission` must outlive the router.
  static Result<std::unique_ptr<CurveRouter>> bind(Loop& loop, Zap& zap, Admission& admission,
                                                   const KeyPair& keys, const Options& options);
  ~CurveRouter() override;
  CurveRouter(const CurveRouter&) = delete;
  CurveRouter& operator=(const CurveRouter&) = delete;

  // See door.hpp.
  Result<> prove_refusal();

  // Where it listens, with the real port.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  void on_message(std::function<void(Arrival&&)> handler) override { on_message_ = std::move(handler); }
  void on_refused(std::function<void(const std::string&, std::string_view)> handler) override {
    on_refused_ = std::move(handler);
  }
  [[nodiscard]] Sent send(const Peer& peer, Frames&& frames) override;
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

 private:
  CurveRouter(Loop& loop, Zap& zap, Admission& admission, std::string public_key, std::string domain,
              std::unique_ptr<Socket> socket);
  bool take_turn() override;
  void refuse(const std::string& key, std::string_view reason);

  Loop& loop_;
  Zap& zap_;
  Admission& admission_;
  const std::string public_key_;
  const std::string domain_;
  const std::unique_ptr<Socket> socket_;
  const std::string endpoint_;
  std::function<void(Arrival&&)> on_message_;
  std::function<void(const std::string&, std::string_view)> on_refused_;
  std::uint64_t refused_ = 0;
};

}  // namespace fieldline::net

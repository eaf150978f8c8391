// The publisher on TCP: a ZeroMQ PUB with CURVE, guarded by ZAP. A subscriber whose queue is full misses what
// is published meanwhile. Lives on its loop.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.hpp"
#include "common/net/admission.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/publisher.hpp"
#include "common/net/zap.hpp"

namespace fieldline::net {

class Socket;

class CurvePublisher final : public Publisher, private Loop::Source {
 public:
  struct Options {
    std::string endpoint;  // "tcp://127.0.0.1:7402"; port * is a free one
    std::string domain;    // names this publisher's list of keys to ZAP; its own
    int send_high_water = kSendHighWater;
  };

  // As CurveRouter::bind(); `zap` and `admission` must outlive the publisher.
  static Result<std::unique_ptr<CurvePublisher>> bind(Loop& loop, Zap& zap, Admission& admission,
                                                      const KeyPair& keys, const Options& options);
  ~CurvePublisher() override;
  CurvePublisher(const CurvePublisher&) = delete;
  CurvePublisher& operator=(const CurvePublisher&) = delete;

  // See door.hpp.
  Result<> prove_refusal();
  // Where it listens, with the real port.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  void publish(Frames&& frames) override;

 private:
  CurvePublisher(Loop& loop, Zap& zap, Admission& admission, std::string public_key, std::string domain,
                 std::unique_ptr<Socket> socket);
  bool take_turn() override;

  Loop& loop_;
  Zap& zap_;
  Admission& admission_;
  const std::string public_key_;
  const std::string domain_;
  const std::unique_ptr<Socket> socket_;
  const std::string endpoint_;
};

}  // namespace fieldline::net

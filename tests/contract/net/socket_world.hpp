// The contract on real sockets: TCP, CURVE and ZAP on this machine. The center, the nodes and those
// asleep each have a loop and a ZeroMQ context of their own.
#pragma once

#include "common/net/curve_router.hpp"
#include "tests/contract/net/world.hpp"

namespace fieldline::net {

class SocketWorld final : public World {
 public:
  SocketWorld();

  [[nodiscard]] Admission& admission() override { return admission_; }
  [[nodiscard]] CurveRouter& router() override { return *router_; }
  void close_router() override { router_.reset(); }
  [[nodiscard]] std::unique_ptr<Dealer> dealer(const KeyPair& keys, const std::string& server_key,
                                               Reading reading) override;
  [[nodiscard]] const std::string& server_key() const override { return keys_.public_key(); }
  [[nodiscard]] bool until(const std::function<bool()>& done) override;

  [[nodiscard]] Loop& center() { return center_; }
  [[nodiscard]] Zap& zap() { return zap_; }

 private:
  const KeyPair keys_ = KeyPair::generate();
  Loop center_;
  Loop nodes_;
  Loop asleep_;
  Admission admission_{center_.clock()};
  Zap zap_{center_};
  std::unique_ptr<CurveRouter> router_;
  std::string endpoint_;
};

}  // namespace fieldline::net

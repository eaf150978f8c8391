// The contract on the in-memory twins, in virtual time and good weather.
#pragma once

#include "common/base/virtual_time.hpp"
#include "common/net/lossy_network.hpp"
#include "tests/contract/net/world.hpp"

namespace fieldline::net {

class TwinWorld final : public World {
 public:
  TwinWorld();

  [[nodiscard]] Admission& admission() override { return admission_; }
  [[nodiscard]] Router& router() override { return *router_; }
  void close_router() override { router_.reset(); }
  [[nodiscard]] std::unique_ptr<Dealer> dealer(const KeyPair& keys, const std::string& server_key,
                                               Reading reading) override;
  [[nodiscard]] const std::string& server_key() const override { return keys_.public_key(); }
  [[nodiscard]] bool until(const std::function<bool()>& done) override;

 private:
  const KeyPair keys_ = KeyPair::generate();
  VirtualTime time_;
  LossyNetwork network_{Random(7)};
  std::unique_ptr<Executor> executor_ = time_.executor();
  Admission admission_{time_.clock()};
  std::unique_ptr<Router> router_;
};

}  // namespace fieldline::net

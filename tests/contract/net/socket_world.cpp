#include "tests/contract/net/socket_world.hpp"

#include "common/net/curve_dealer.hpp"

namespace fieldline::net {

using namespace std::chrono_literals;

SocketWorld::SocketWorld() {
  auto bound = CurveRouter::bind(center_, zap_, admission_, keys_,
                                 {.endpoint = "tcp://127.0.0.1:*", .domain = "control"});
  REQUIRE(bound.has_value());
  router_ = std::move(*bound);
  endpoint_ = router_->endpoint();
}

std::unique_ptr<Dealer> SocketWorld::dealer(const KeyPair& keys, const std::string& server_key,
                                            Reading reading) {
  auto& loop = reading == Reading::kAwake ? nodes_ : asleep_;
  return std::make_unique<CurveDealer>(loop, keys,
                                       CurveDealer::Options{.endpoint = endpoint_, .server_key = server_key});
}

bool SocketWorld::until(const std::function<bool()>& done) {
  const auto end = center_.clock().now() + 30s;
  while (center_.clock().now() < end) {
    if (center_.run_until(done, 1ms) || nodes_.run_until(done, 1ms)) return true;
  }
  return false;
}

}  // namespace fieldline::net

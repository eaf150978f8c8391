#include "tests/contract/net/twin_world.hpp"

namespace fieldline::net {

using namespace std::chrono_literals;

TwinWorld::TwinWorld() : router_(network_.router(*executor_, "center", keys_.public_key(), admission_)) {
  network_.stall("asleep");
}

std::unique_ptr<Dealer> TwinWorld::dealer(const KeyPair& keys, const std::string& server_key,
                                          Reading reading) {
  const std::string host = reading == Reading::kAwake ? "node" : "asleep";
  return network_.dealer(*executor_, host, keys.public_key(), "center", server_key);
}

bool TwinWorld::until(const std::function<bool()>& done) {
  const auto end = time_.clock().now() + 30s;
  while (time_.clock().now() < end) {
    if (done()) return true;
    time_.run_for(100us);
  }
  return false;
}

}  // namespace fieldline::net

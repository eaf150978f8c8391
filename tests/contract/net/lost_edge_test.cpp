// ZMQ_FD tells of a message once, and a send may swallow that (it runs libzmq's pending commands).
#include <atomic>
#include <thread>

#include "common/net/curve_dealer.hpp"
#include "tests/contract/net/socket_world.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;

namespace {

// A node on a thread of its own that answers "ping".
class Answerer {
 public:
  Answerer(const KeyPair& keys, const CurveDealer::Options& options) : dealer_(loop_, keys, options) {
    dealer_.on_message([this](Frames&& frames) {
      if (frames == Frames{"ping"}) answered_ = dealer_.send({"pong"}) == Sent::kYes;
    });
    REQUIRE(dealer_.reconnect().has_value());
    REQUIRE(dealer_.send({"hello"}) == Sent::kYes);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Answerer() {
    loop_.stop();
    thread_.join();
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  [[nodiscard]] bool answered() const { return answered_; }

 private:
  Loop loop_;
  CurveDealer dealer_;
  std::atomic<bool> answered_ = false;
  std::thread thread_;
};

}  // namespace

TEST_CASE("a message that comes in while its loop is busy sending is not forgotten") {
  SocketWorld world;
  Center center(world);
  const auto keys = KeyPair::generate();
  world.admission().allow(keys.public_key());
  const Answerer answerer(keys, {world.router().endpoint(), world.server_key()});
  REQUIRE(world.until([&] { return center.arrivals.size() == 1; }));
  const auto peer = center.arrivals[0].peer;
  world.center().post([&] {
    REQUIRE(world.router().send(peer, {"ping"}) == Sent::kYes);
    while (!answerer.answered()) std::this_thread::yield();
    // Sends spread over the time in which the answer comes in; too few to be told that the peer has
    // read them, which would wake the loop as well.
    for (int i = 0; i < kSendHighWater / 4; ++i) {
      REQUIRE(world.router().send(peer, {"no answer, please"}) == Sent::kYes);
      std::this_thread::sleep_for(2ms);
    }
  });
  CHECK(world.until([&] { return center.arrivals.size() == 2; }));
}

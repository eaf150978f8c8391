#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/virtual_time.hpp"
#include "common/net/curve_publisher.hpp"
#include "common/net/curve_subscriber.hpp"
#include "common/net/lossy_network.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;

namespace {

// The contract of Publisher and Subscriber on real sockets …
class SocketStream {
 public:
  SocketStream() {
    auto bound = CurvePublisher::bind(center_, zap_, admission, keys_,
                                      {.endpoint = "tcp://127.0.0.1:*", .domain = "stream"});
    REQUIRE(bound.has_value());
    socket_ = std::move(*bound);
    endpoint_ = socket_->endpoint();
  }

  CurvePublisher& publisher() { return *socket_; }
  Zap& zap() { return zap_; }
  void close() { socket_.reset(); }
  std::unique_ptr<Subscriber> subscriber(const KeyPair& keys) { return dial(keys, keys_.public_key()); }
  std::unique_ptr<Subscriber> dial(const KeyPair& keys, const std::string& server_key) {
    return std::make_unique<CurveSubscriber>(
        nodes_, keys, CurveSubscriber::Options{.endpoint = endpoint_, .server_key = server_key});
  }
  bool until(const std::function<bool()>& done, Duration limit = 30s) {
    const auto end = center_.clock().now() + limit;
    while (center_.clock().now() < end) {
      if (center_.run_until(done, 1ms) || (reads_ && nodes_.run_until(done, 1ms))) return true;
    }
    return false;
  }
  void stop_reading() { reads_ = false; }
  void read_again() { reads_ = true; }

 private:
  const KeyPair keys_ = KeyPair::generate();
  Loop center_;
  Loop nodes_;
  Zap zap_{center_};
  std::unique_ptr<CurvePublisher> socket_;
  std::string endpoint_;
  bool reads_ = true;

 public:
  Admission admission{center_.clock()};
};

// … and on the twins.
class TwinStream {
 public:
  TwinStream() { publisher_ = network_.publisher(*executor_, "center", keys_.public_key(), admission); }

  Publisher& publisher() { return *publisher_; }
  void close() { publisher_.reset(); }
  std::unique_ptr<Subscriber> subscriber(const KeyPair& keys) { return dial(keys, keys_.public_key()); }
  std::unique_ptr<Subscriber> dial(const KeyPair& keys, const std::string& server_key) {
    return network_.subscriber(*executor_, "node", keys.public_key(), "center", server_key);
  }
  bool until(const std::function<bool()>& done, Duration limit = 30s) { return time_.run_until(done, limit); }
  void stop_reading() { network_.stall("node"); }
  void read_again() { network_.resume("node"); }

 private:
  const KeyPair keys_ = KeyPair::generate();
  VirtualTime time_;
  LossyNetwork network_{Random(7)};
  std::unique_ptr<Executor> executor_ = time_.executor();

 public:
  Admission admission{time_.clock()};

 private:
  std::unique_ptr<Publisher> publisher_;
};

// A subscriber with what it has heard so far.
class Listener {
 public:
  template <class Stream>
  explicit Listener(Stream& stream) : subscriber(stream.subscriber(keys)) {
    listen();
  }
  explicit Listener(std::unique_ptr<Subscriber> made) : subscriber(std::move(made)) { listen(); }
  void listen() {
    subscriber->on_message([this](Frames&& frames) { messages.push_back(std::move(frames)); });
    subscriber->on_link([this](Link news) { links.push_back(news); });
  }
  [[nodiscard]] bool heard(Link news) const { return !links.empty() && links.back() == news; }

  const KeyPair keys = KeyPair::generate();
  std::unique_ptr<Subscriber> subscriber;
  std::vector<Frames> messages;
  std::vector<Link> links;
};

// Says it now and then, and never more than the queues hold, until `done`.
template <class Stream>
void repeat(Stream& stream, const std::string& text, const std::function<bool()>& done) {
  for (int i = 0; i < 500; ++i) {
    stream.publisher().publish({text});
    if (stream.until(done, 20ms)) return;
  }
  FAIL("nothing came of it: " << text);
}

// Its subscription has reached the publisher: what is published from now on comes.
template <class Stream>
void joins(Stream& stream, Listener& listener) {
  stream.admission.allow(listener.keys.public_key());
  REQUIRE(listener.subscriber->reconnect().has_value());
  repeat(stream, "are you there?", [&] { return !listener.messages.empty(); });
  stream.publisher().publish({"welcome"});
  REQUIRE(stream.until([&] { return listener.messages.back() == Frames{"welcome"}; }));
  listener.messages.clear();
}

}  // namespace

#define BOTH_STREAMS SocketStream, TwinStream

TEMPLATE_TEST_CASE("what is published comes to all that are admitted, whole and in order", "", BOTH_STREAMS) {
  TestType stream;
  Listener one(stream);
  Listener other(stream);
  joins(stream, one);
  joins(stream, other);
  // What the other one joined with comes to this one, too.
  REQUIRE(stream.until([&] { return !one.messages.empty() && one.messages.back() == Frames{"welcome"}; }));
  one.messages.clear();
  const Frames large{"head", std::string(100'000, 'b')};
  stream.publisher().publish({"first", "second frame"});
  stream.publisher().publish(Frames(large));
  REQUIRE(stream.until([&] { return one.messages.size() == 2 && other.messages.size() == 2; }));
  CHECK(one.messages == std::vector<Frames>{{"first", "second frame"}, large});
  CHECK(other.messages == one.messages);
}

TEMPLATE_TEST_CASE("a subscriber whose key is not known is refused, and hears nothing", "", BOTH_STREAMS) {
  TestType stream;
  Listener stranger(stream);
  REQUIRE(stranger.subscriber->reconnect().has_value());
  repeat(stream, "secret", [&] { return !stranger.links.empty(); });
  CHECK(stranger.links == std::vector{Link::kRefused});
  CHECK(stranger.messages.empty());
  CHECK(stream.admission.pending().size() == 1);
}

TEMPLATE_TEST_CASE("a subscriber does not take another's stream for that of the publisher it knows", "",
                   BOTH_STREAMS) {
  TestType stream;
  const auto keys = KeyPair::generate();
  stream.admission.allow(keys.public_key());
  Listener misled(stream.dial(keys, KeyPair::generate().public_key()));
  REQUIRE(misled.subscriber->reconnect().has_value());
  REQUIRE(stream.until([&] { return !misled.links.empty(); }));
  CHECK_FALSE(misled.heard(Link::kReady));
  CHECK(misled.messages.empty());
}

TEMPLATE_TEST_CASE(
    "a subscriber that does not read misses messages and nobody waits for it; it goes on with "
    "what comes next",
    "", BOTH_STREAMS) {
  TestType stream;
  Listener slow(stream);
  joins(stream, slow);
  stream.stop_reading();
  constexpr int kBurst = 3000;
  for (int i = 0; i < kBurst; ++i) {
    stream.publisher().publish({std::to_string(i), std::string(std::size_t{16} << 10, 'b')});
    if (i % 100 == 0) static_cast<void>(stream.until([] { return true; }));
  }
  stream.read_again();
  repeat(stream, "next", [&] { return !slow.messages.empty() && slow.messages.back() == Frames{"next"}; });
  CHECK(slow.messages.front()[0] == "0");
  CHECK(slow.messages.size() < kBurst);
}

TEMPLATE_TEST_CASE("a subscriber hears that its publisher has left, and comes back with a dial", "",
                   BOTH_STREAMS) {
  TestType stream;
  Listener listener(stream);
  joins(stream, listener);
  stream.close();
  REQUIRE(stream.until([&] { return listener.heard(Link::kLost); }));
  REQUIRE(listener.subscriber->reconnect().has_value());
  CHECK(stream.until([&] { return listener.heard(Link::kUnreachable); }));
}

TEST_CASE("a publisher proves at its start that it turns strangers away") {
  SocketStream stream;
  const auto proof = stream.publisher().prove_refusal();
  INFO((proof ? "" : proof.error().describe()));
  CHECK(proof.has_value());
  CHECK(stream.admission.pending().empty());
  stream.zap().release("stream");
  CHECK_FALSE(stream.publisher().prove_refusal().has_value());
}

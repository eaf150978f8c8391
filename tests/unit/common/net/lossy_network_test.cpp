#include "common/net/lossy_network.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"
#include "common/net/limits.hpp"

using namespace fieldline;
using namespace fieldline::net;
using namespace std::chrono_literals;
using Weather = LossyNetwork::Weather;

namespace {

// A dealer "field" connected to a router "center", and what arrived at both with its time.
class Pair {
 public:
  explicit Pair(std::uint64_t seed = 1) : network(Random(seed)) {
    admission.allow("field key");
    router->on_message([this](Router::Arrival&& arrival) {
      peer = arrival.peer;
      up.push_back(arrival.frames[0]);
      times.push_back(time.clock().now());
    });
    dealer->on_message([this](Frames&& frames) { down.push_back(frames[0]); });
    REQUIRE(dealer->reconnect().has_value());
    REQUIRE(dealer->send({"hello"}) == Sent::kYes);
    time.run_for(1s);
    REQUIRE(up.size() == 1);
    up.clear();
    times.clear();
  }

  void send_up(int count) {
    for (int i = 0; i < count; ++i) REQUIRE(dealer->send({"message " + std::to_string(i)}) == Sent::kYes);
  }

  VirtualTime time;
  LossyNetwork network;
  std::unique_ptr<Executor> executor = time.executor();
  Admission admission{time.clock()};
  std::unique_ptr<Router> router = network.router(*executor, "center", "center key", admission);
  std::unique_ptr<Dealer> dealer = network.dealer(*executor, "field", "field key", "center", "center key");
  Router::Peer peer;
  std::vector<std::string> up;
  std::vector<std::string> down;
  std::vector<Instant> times;
};

constexpr Weather kStorm{.latency_min = 1ms,
                         .latency_max = 300ms,
                         .loss = 0.2,
                         .duplication = 0.2,
                         .reordering = 0.3,
                         .damage = 0.1};

std::pair<std::vector<std::string>, std::vector<Instant>> run_storm(std::uint64_t seed) {
  Pair pair(seed);
  pair.network.set_weather(kStorm);
  pair.send_up(100);
  pair.time.run_for(60s);
  return {pair.up, pair.times};
}

}  // namespace

TEST_CASE("the same seed gives the same storm, another seed another") {
  CHECK(run_storm(1) == run_storm(1));
  CHECK(run_storm(1) != run_storm(2));
}

TEST_CASE("latency stays in its range and keeps the order") {
  Pair pair;
  pair.network.set_weather({.latency_min = 100ms, .latency_max = 200ms});
  const auto start = pair.time.clock().now();
  pair.send_up(50);
  pair.time.run_for(1s);
  REQUIRE(pair.up.size() == 50);
  CHECK(pair.up.back() == "message 49");
  CHECK(pair.times.front() >= start + 100ms);
  CHECK(pair.times.back() <= start + 200ms);
  CHECK(pair.times.front() < pair.times.back());
}

TEST_CASE("weather can be set for one direction of one link") {
  Pair pair;
  pair.network.set_weather("field", "center", {.loss = 1});
  pair.send_up(10);
  REQUIRE(pair.router->send(pair.peer, {"down"}) == Sent::kYes);
  pair.time.run_for(1s);
  CHECK(pair.up.empty());
  CHECK(pair.down == std::vector<std::string>{"down"});
}

TEST_CASE("duplicated messages come twice") {
  Pair pair;
  pair.network.set_weather({.duplication = 1});
  pair.send_up(2);
  pair.time.run_for(1s);
  CHECK(pair.up == std::vector<std::string>{"message 0", "message 0", "message 1", "message 1"});
}

TEST_CASE("reordered messages all come, in another order") {
  Pair pair;
  pair.network.set_weather({.reordering = 0.5});
  pair.send_up(100);
  pair.time.run_for(1s);
  Pair calm;
  calm.send_up(100);
  calm.time.run_for(1s);
  CHECK(pair.up != calm.up);
  CHECK(std::is_permutation(pair.up.begin(), pair.up.end(), calm.up.begin(), calm.up.end()));
}

TEST_CASE("damage flips one bit") {
  Pair pair;
  pair.network.set_weather({.damage = 1});
  REQUIRE(pair.dealer->send({std::string(100, '\0')}) == Sent::kYes);
  pair.time.run_for(1s);
  REQUIRE(pair.up.size() == 1);
  int bits = 0;
  for (const char byte : pair.up[0]) bits += __builtin_popcount(static_cast<unsigned char>(byte));
  CHECK(bits == 1);
}

TEST_CASE("what is sent into a cut arrives after it is healed, in order, and the other way is open") {
  Pair pair;
  pair.network.cut("field", "center");
  pair.send_up(3);
  REQUIRE(pair.router->send(pair.peer, {"down"}) == Sent::kYes);
  pair.time.run_for(60s);
  CHECK(pair.up.empty());
  CHECK(pair.down.size() == 1);
  pair.network.heal("field", "center");
  pair.time.run_for(1s);
  CHECK(pair.up == std::vector<std::string>{"message 0", "message 1", "message 2"});
}

TEST_CASE("a message on its way when the link is cut is held as well") {
  Pair pair;
  pair.send_up(1);
  pair.network.cut("field", "center");
  pair.time.run_for(1s);
  CHECK(pair.up.empty());
}

TEST_CASE("a cut link fills up") {
  Pair pair;
  pair.network.cut("center", "field");
  std::size_t sent = 0;
  while (sent <= kTwinWindow && pair.router->send(pair.peer, {"order"}) == Sent::kYes) ++sent;
  CHECK(sent == kTwinWindow);
  CHECK(pair.router->send(pair.peer, {"order"}) == Sent::kFull);
}

TEST_CASE("a router behind a cut does not hear that its peer left until the link heals") {
  Pair pair;
  pair.network.cut("field", "center");
  pair.dealer.reset();
  pair.time.run_for(60s);
  CHECK(pair.router->send(pair.peer, {"order"}) == Sent::kYes);
  pair.network.heal("field", "center");
  pair.time.run_for(1s);
  CHECK(pair.router->send(pair.peer, {"order"}) == Sent::kGone);
}

TEST_CASE("many reconnects during a cut leave one connection") {
  Pair pair;
  pair.network.cut("field", "center");
  for (int i = 0; i < 100; ++i) {
    REQUIRE(pair.dealer->reconnect().has_value());
    pair.send_up(1);
    pair.time.run_for(1s);
  }
  pair.network.heal("field", "center");
  pair.time.run_for(1s);
  CHECK(pair.up.size() == 1);
}

TEST_CASE("a dial into a cut is given up after a while") {
  Pair pair;
  std::vector<Link> links;
  pair.dealer->on_link([&](Link news) { links.push_back(news); });
  pair.network.cut("field", "center");
  REQUIRE(pair.dealer->reconnect().has_value());
  pair.time.run_for(kDialTimeout - 1ms);
  CHECK(links.empty());
  pair.time.run_for(1ms);
  CHECK(links == std::vector{Link::kUnreachable});
  CHECK(pair.dealer->send({"hello"}) == Sent::kGone);
}

TEST_CASE("a stalled host reads after it resumes") {
  Pair pair;
  pair.network.stall("center");
  pair.send_up(2);
  pair.time.run_for(10s);
  CHECK(pair.up.empty());
  pair.network.resume("center");
  pair.time.run_for(1s);
  CHECK(pair.up.size() == 2);
}

TEST_CASE("a router that comes back on its host is reached by a new dial") {
  Pair pair;
  std::vector<Link> links;
  pair.dealer->on_link([&](Link news) { links.push_back(news); });
  pair.router.reset();
  pair.time.run_for(1s);
  REQUIRE(pair.dealer->reconnect().has_value());
  pair.time.run_for(1s);
  pair.router = pair.network.router(*pair.executor, "center", "center key", pair.admission);
  REQUIRE(pair.dealer->reconnect().has_value());
  pair.time.run_for(1s);
  CHECK(links == std::vector{Link::kLost, Link::kUnreachable, Link::kReady});
}

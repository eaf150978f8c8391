// The lines of a pair on real sockets: TCP, CURVE and ZAP on this machine.
#include "agent/pair/peer_link.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "common/net/curve_dealer.hpp"
#include "common/net/curve_router.hpp"
#include "common/net/loop.hpp"

using namespace fieldline;
using namespace fieldline::pair;
using namespace std::chrono_literals;

namespace {

// A node's router, and what it heard.
struct Door {
  Door(net::Loop& loop, net::Zap& zap, std::string domain, std::string endpoint = "tcp://127.0.0.1:*")
      : admission(loop.clock()) {
    auto bound = net::CurveRouter::bind(loop, zap, admission, keys, {std::move(endpoint), std::move(domain)});
    REQUIRE(bound);
    router = std::move(*bound);
  }

  const net::KeyPair keys = net::KeyPair::generate();
  net::Admission admission;
  std::unique_ptr<net::CurveRouter> router;
};

struct Line {
  Line(net::Loop& loop, const Door& from, net::CurveRouter& own_router, const Door& to, std::uint64_t seed)
      : dealer(loop, from.keys, {to.router->endpoint(), to.keys.public_key()}),
        link(loop, dealer, own_router, to.keys.public_key(), Random(seed)) {
    loop.post([this] {
      link.start([this](const PeerMessage& message) { heard.push_back(message); }, [](const std::string&) {});
    });
  }

  net::CurveDealer dealer;
  PeerLink link;
  std::vector<PeerMessage> heard;
};

PeerBeat beat(std::uint64_t epoch) {
  return {epoch, NodePhase::kStandby, {epoch, 1}};
}

}  // namespace

TEST_CASE("two nodes with each other's keys hear each other, and nobody else") {
  net::Loop loop;
  net::Zap zap(loop);
  Door a(loop, zap, "peer-a");
  Door b(loop, zap, "peer-b");
  Door stranger(loop, zap, "stranger");
  a.admission.allow(b.keys.public_key());
  b.admission.allow(a.keys.public_key());
  Line at_a(loop, a, *a.router, b, 1);
  Line at_b(loop, b, *b.router, a, 2);
  Line foreign(loop, stranger, *stranger.router, b, 3);
  const auto say = [&] {
    loop.post([&] {
      at_a.link.send(beat(1), 1);
      at_b.link.send(beat(2), 2);
      foreign.link.send(beat(66), 66);
    });
  };
  say();
  REQUIRE(loop.run_until([&] { return !at_a.heard.empty() && !at_b.heard.empty(); }, 30s));
  CHECK(at_a.heard[0] == PeerMessage(beat(2)));
  CHECK(at_b.heard[0] == PeerMessage(beat(1)));
  REQUIRE(loop.run_until([&] { return !b.admission.pending().empty(); }, 30s));
  say();
  REQUIRE(loop.run_until([&] { return at_b.heard.size() == 2; }, 30s));
  CHECK(at_b.heard[1] == PeerMessage(beat(1)));
}

TEST_CASE("a line whose peer went away is dialed again until it stands") {
  net::Loop loop;
  net::Zap zap(loop);
  Door a(loop, zap, "peer-a");
  Door b(loop, zap, "peer-b");
  b.admission.allow(a.keys.public_key());
  const auto endpoint = b.router->endpoint();
  Line at_a(loop, a, *a.router, b, 1);
  std::vector<std::string> arrived;
  const auto listen = [&] {
    b.router->on_message([&](net::Router::Arrival&& arrival) { arrived.push_back(arrival.key); });
  };
  std::function<void()> say = [&] {
    at_a.link.send(beat(1), 1);
    loop.after(50ms, say);
  };
  listen();
  loop.post(say);
  REQUIRE(loop.run_until([&] { return !arrived.empty(); }, 30s));
  b.router.reset();
  CHECK_FALSE(loop.run_until([] { return false; }, 300ms));
  // ZeroMQ frees the port on a thread of its own.
  auto bound = net::CurveRouter::bind(loop, zap, b.admission, b.keys, {endpoint, "peer-b"});
  for (int tries = 0; !bound && tries < 600; ++tries) {
    CHECK_FALSE(loop.run_until([] { return false; }, 50ms));
    bound = net::CurveRouter::bind(loop, zap, b.admission, b.keys, {endpoint, "peer-b"});
  }
  REQUIRE(bound);
  b.router = std::move(*bound);
  listen();
  arrived.clear();
  REQUIRE(loop.run_until([&] { return !arrived.empty(); }, 30s));
  CHECK(arrived[0] == a.keys.public_key());
}

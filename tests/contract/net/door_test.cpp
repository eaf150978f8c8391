#include <zmq.hpp>

#include "common/net/curve_dealer.hpp"
#include "common/net/socket.hpp"
#include "tests/contract/net/socket_world.hpp"

using namespace fieldline;
using namespace fieldline::net;

TEST_CASE("the start-up proof passes at a door that is guarded, and leaves no trace") {
  SocketWorld world;
  int told = 0;
  world.admission().on_unknown([&](const Admission::Knock&) { ++told; });
  const auto proof = world.router().prove_refusal();
  INFO((proof ? "" : proof.error().describe()));
  CHECK(proof.has_value());
  CHECK(world.admission().pending().empty());
  CHECK(told == 0);
}

TEST_CASE("the start-up proof fails when nobody decides about the door's keys") {
  SocketWorld world;
  world.zap().release("control");
  const auto proof = world.router().prove_refusal();
  REQUIRE_FALSE(proof.has_value());
  CHECK(proof.error().message.find("a known key was refused") != std::string::npos);
  CHECK(proof.error().where == world.router().endpoint());
}

TEST_CASE("without a ZAP handler the door stays shut, for the domain is enforced") {
  Loop loop;
  const auto keys = KeyPair::generate();
  auto door = Socket::open(loop.context(), zmq::socket_type::router, {});
  REQUIRE(door.has_value());
  (*door)->serve_curve(keys, "control");
  REQUIRE((*door)->bind("tcp://127.0.0.1:*").has_value());
  CurveDealer dealer(loop, KeyPair::generate(), {(*door)->endpoint(), keys.public_key()});
  std::optional<Link> news;
  dealer.on_link([&](Link link) { news = link; });
  REQUIRE(dealer.reconnect().has_value());
  CHECK(loop.run_until([&] { return news.has_value(); }, std::chrono::seconds(20)));
  CHECK(news != Link::kReady);
}

TEST_CASE("an endpoint that can't be had is an error that names it") {
  SocketWorld world;
  const auto keys = KeyPair::generate();
  const auto bind = [&](const std::string& endpoint) {
    return CurveRouter::bind(world.center(), world.zap(), world.admission(), keys, {endpoint, "second"});
  };
  const auto taken = bind(world.router().endpoint());
  REQUIRE_FALSE(taken.has_value());
  CHECK(taken.error().code == ErrorCode::kConflict);
  CHECK(taken.error().where == world.router().endpoint());
  const auto malformed = bind("127.0.0.1:7100");
  REQUIRE_FALSE(malformed.has_value());
  CHECK(malformed.error().code == ErrorCode::kInvalid);
  CHECK(bind("tcp://127.0.0.1:*").has_value());
}

TEST_CASE("a dealer with a malformed endpoint or key says so, and has no connection") {
  Loop loop;
  const auto keys = KeyPair::generate();
  CurveDealer nowhere(loop, keys, {"coordinator:7100", keys.public_key()});
  CHECK(nowhere.reconnect().error().code == ErrorCode::kInvalid);
  CHECK(nowhere.send({"hello"}) == Sent::kGone);
  CurveDealer keyless(loop, keys, {"tcp://127.0.0.1:7100", "not a key"});
  CHECK(keyless.reconnect().error().code == ErrorCode::kInvalid);
  CHECK(keyless.send({"hello"}) == Sent::kGone);
}

TEST_CASE("a loop that has no socket left says so, and serves the dealers it has") {
  SocketWorld world;
  Center center(world);
  Loop loop({.io_threads = 1, .max_sockets = 3});
  const auto keys = KeyPair::generate();
  world.admission().allow(keys.public_key());
  std::vector<std::unique_ptr<CurveDealer>> dealers;
  Result<> dialled;
  while (dialled && dealers.size() < 20) {
    dealers.push_back(std::make_unique<CurveDealer>(
        loop, keys, CurveDealer::Options{world.router().endpoint(), world.server_key()}));
    dialled = dealers.back()->reconnect();
  }
  REQUIRE_FALSE(dialled.has_value());
  CHECK(dialled.error().code == ErrorCode::kExhausted);
  REQUIRE(dealers.front()->send({"hello"}) == Sent::kYes);
  CHECK(world.until([&] { return center.arrivals.size() == 1; }));
}

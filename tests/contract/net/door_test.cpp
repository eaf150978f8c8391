#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

TEST_CASE("a dealer hears that nobody answers, though the port is open") {
  Loop loop;
  const auto keys = KeyPair::generate();
  // Accepted by the kernel, and never read.
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(::bind(silent, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  REQUIRE(::listen(silent, 1) == 0);
  REQUIRE(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  const auto endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  CurveDealer dealer(
      loop, keys,
      {.endpoint = endpoint, .server_key = keys.public_key(), .dial_timeout = std::chrono::milliseconds(50)});
  std::vector<Link> news;
  dealer.on_link([&](Link link) { news.push_back(link); });
  REQUIRE(dealer.reconnect().has_value());
  REQUIRE(dealer.send({"hello"}) == Sent::kYes);
  CHECK(loop.run_until([&] { return !news.empty(); }, std::chrono::seconds(20)));
  CHECK(news == std::vector{Link::kUnreachable});
  CHECK(dealer.send({"hello"}) == Sent::kGone);
  ::close(silent);
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

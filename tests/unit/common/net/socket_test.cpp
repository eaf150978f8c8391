#include "common/net/socket.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::net;

TEST_CASE("a socket keeps the transport rules of the protocol") {
  zmq::context_t context;
  const auto type = GENERATE(zmq::socket_type::router, zmq::socket_type::dealer);
  const auto opened = Socket::open(context, type, {});
  REQUIRE(opened.has_value());
  const auto& socket = (*opened)->handle();
  using namespace zmq::sockopt;
  CHECK(socket.get(heartbeat_ivl) == 0);
  CHECK(socket.get(linger) == 0);
  CHECK(socket.get(sndtimeo) == 0);
  CHECK(socket.get(sndhwm) == kSendHighWater);
  CHECK(socket.get(rcvhwm) == kReceiveHighWater);
  CHECK(socket.get(maxmsgsize) == kMaxWireFrameBytes);
  CHECK(socket.get(handshake_ivl) == 10'000);
  CHECK(socket.get(connect_timeout) == 5'000);
  CHECK(socket.get(reconnect_ivl) == -1);
  CHECK(socket.get(backlog) == 1024);
  CHECK(socket.get(tcp_keepalive) == 1);
  CHECK(socket.get(tcp_keepalive_idle) == 30);
  CHECK(socket.get(tcp_keepalive_intvl) == 10);
  CHECK(socket.get(tcp_keepalive_cnt) == 3);
  CHECK(socket.get(routing_id).empty());
}

TEST_CASE("a server's socket speaks CURVE in its ZAP domain") {
  zmq::context_t context;
  const auto opened = Socket::open(context, zmq::socket_type::router, {});
  REQUIRE(opened.has_value());
  (*opened)->serve_curve(KeyPair::generate(), "control");
  auto& socket = (*opened)->handle();
  CHECK(socket.get(zmq::sockopt::curve_server) == 1);
  CHECK(socket.get(zmq::sockopt::zap_domain) == "control");
  int enforced = 0;
  std::size_t size = sizeof enforced;
  REQUIRE(zmq_getsockopt(socket.handle(), 93, &enforced, &size) == 0);  // ZMQ_ZAP_ENFORCE_DOMAIN
  CHECK(enforced == 1);
}

#include "tests/contract/net/socket_world.hpp"
#include "tests/contract/net/twin_world.hpp"

using namespace fieldline;
using namespace fieldline::net;

#define BOTH_WORLDS SocketWorld, TwinWorld

TEMPLATE_TEST_CASE("messages arrive whole and in the order in which they were sent", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto peer = join(world, center, node);
  const int count = 1000;
  for (int i = 0; i < count; ++i) {
    const auto send = [&] {
      return node.dealer->send({std::to_string(i), std::string(3'000, 'x')}) == Sent::kYes;
    };
    REQUIRE(world.until(send));
  }
  REQUIRE(world.until([&] { return center.arrivals.size() == count + 1; }));
  for (int i = 0; i < count; ++i) {
    const auto& arrival = center.arrivals[static_cast<std::size_t>(i) + 1];
    REQUIRE(arrival.frames == Frames{std::to_string(i), std::string(3'000, 'x')});
    REQUIRE(arrival.peer == peer);
  }
}

TEMPLATE_TEST_CASE("an answer reaches the peer that asked and nobody else", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node a(world);
  Node b(world);
  const auto peer_a = join(world, center, a);
  const auto peer_b = join(world, center, b);
  CHECK(peer_a != peer_b);
  const std::string large(300'000, 'L');
  REQUIRE(world.router().send(peer_b, {"", "for b", large}) == Sent::kYes);
  REQUIRE(world.router().send(peer_a, {"for a"}) == Sent::kYes);
  REQUIRE(world.until([&] { return !a.messages.empty() && !b.messages.empty(); }));
  CHECK(a.messages == std::vector<Frames>{{"for a"}});
  CHECK(b.messages == std::vector<Frames>{{"", "for b", large}});
}

TEMPLATE_TEST_CASE("a dealer hears that its connection is ready before any message", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto peer = join(world, center, node);
  REQUIRE(world.router().send(peer, {"welcome"}) == Sent::kYes);
  REQUIRE(world.until([&] { return !node.messages.empty() && !node.links.empty(); }));
  CHECK(node.links == std::vector{Link::kReady});
}

TEMPLATE_TEST_CASE("a dealer that never dialled has no connection", "", BOTH_WORLDS) {
  TestType world;
  Node node(world);
  CHECK(node.dealer->send({"hello"}) == Sent::kGone);
}

TEMPLATE_TEST_CASE("a peer that left is gone", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto peer = join(world, center, node);
  node.dealer.reset();
  CHECK(world.until([&] { return world.router().send(peer, {"order"}) == Sent::kGone; }));
}

TEMPLATE_TEST_CASE("a reconnect makes a new peer, and the old one is gone", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto before = join(world, center, node);
  const auto after = join(world, center, node);
  CHECK(before != after);
  CHECK(world.until([&] { return world.router().send(before, {"order"}) == Sent::kGone; }));
  CHECK(world.router().send(after, {"order"}) == Sent::kYes);
  CHECK(world.until([&] { return node.messages == std::vector<Frames>{{"order"}}; }));
}

TEMPLATE_TEST_CASE("a dealer may reconnect from its own handlers", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  int ready = 0;
  node.dealer->on_link([&](Link) {
    if (++ready == 1) static_cast<void>(node.dealer->reconnect());
  });
  node.dealer->on_message([&](Frames&&) { static_cast<void>(node.dealer->reconnect()); });
  world.admission().allow(node.keys.public_key());
  REQUIRE(node.dealer->reconnect().has_value());
  REQUIRE(world.until([&] { return ready == 2; }));
  REQUIRE(node.dealer->send({"hello"}) == Sent::kYes);
  REQUIRE(world.until([&] { return center.arrivals.size() == 1; }));
  REQUIRE(world.router().send(center.arrivals[0].peer, {"again"}) == Sent::kYes);
  CHECK(world.until([&] { return ready == 3; }));
}

TEMPLATE_TEST_CASE("a peer that does not read fills up, keeps the frames, and disturbs nobody", "",
                   BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node sleeper(world, Reading::kAsleep);
  Node other(world);
  const auto peer = join(world, center, sleeper);
  const auto other_peer = join(world, center, other);
  const std::string body(200'000, 'b');
  Frames order;
  auto sent = Sent::kYes;
  REQUIRE(world.until([&] {
    order = {"order", body};
    sent = world.router().send(peer, std::move(order));
    return sent != Sent::kYes;
  }));
  CHECK(sent == Sent::kFull);
  CHECK(order == Frames{"order", body});
  REQUIRE(world.router().send(other_peer, {"ping"}) == Sent::kYes);
  CHECK(world.until([&] { return !other.messages.empty(); }));
}

TEMPLATE_TEST_CASE("a dealer hears that its router left, and is without connection", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  join(world, center, node);
  world.close_router();
  REQUIRE(world.until([&] { return node.heard(Link::kLost); }));
  CHECK(node.dealer->send({"report"}) == Sent::kGone);
  REQUIRE(node.dealer->reconnect().has_value());
  CHECK(world.until([&] { return node.heard(Link::kUnreachable); }));
  CHECK(node.dealer->send({"report"}) == Sent::kGone);
}

TEMPLATE_TEST_CASE("a dealer that expects another router's key gets no connection", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world, KeyPair::generate(), KeyPair::generate().public_key());
  world.admission().allow(node.keys.public_key());
  REQUIRE(node.dealer->reconnect().has_value());
  CHECK(world.until([&] { return node.heard(Link::kLost); }));
  CHECK(center.arrivals.empty());
}

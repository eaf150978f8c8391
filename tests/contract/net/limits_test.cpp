#include "common/net/limits.hpp"

#include "tests/contract/net/socket_world.hpp"
#include "tests/contract/net/twin_world.hpp"

using namespace fieldline;
using namespace fieldline::net;

#define BOTH_WORLDS SocketWorld, TwinWorld

TEMPLATE_TEST_CASE("the largest message that is allowed arrives", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  join(world, center, node);
  const Frames largest(kMaxFrames, std::string(kMaxMessageBytes / kMaxFrames, 'm'));
  const Frames longest{"", std::string(kMaxFrameBytes, 'f')};
  REQUIRE(node.dealer->send(Frames(largest)) == Sent::kYes);
  REQUIRE(node.dealer->send(Frames(longest)) == Sent::kYes);
  REQUIRE(world.until([&] { return center.arrivals.size() == 3; }));
  CHECK(center.arrivals[1].frames == largest);
  CHECK(center.arrivals[2].frames == longest);
}

TEMPLATE_TEST_CASE("a message over a limit is dropped, its sender named, and the next one handled", "",
                   BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  join(world, center, node);
  REQUIRE(node.dealer->send(Frames(kMaxFrames + 1, "f")) == Sent::kYes);
  REQUIRE(node.dealer->send(Frames(2, std::string(kMaxMessageBytes / 2 + 1, 'b'))) == Sent::kYes);
  REQUIRE(node.dealer->send({"fine"}) == Sent::kYes);
  REQUIRE(world.until([&] { return center.arrivals.size() == 2; }));
  CHECK(center.arrivals[1].frames == Frames{"fine"});
  const auto& key = node.keys.public_key();
  CHECK(center.refusals ==
        std::vector<std::pair<std::string, std::string>>{{key, "too many frames"}, {key, "too many bytes"}});
  CHECK(world.router().refused() == 2);
}

TEMPLATE_TEST_CASE("a dealer drops messages over a limit as well", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto peer = join(world, center, node);
  REQUIRE(world.router().send(peer, Frames(kMaxFrames + 1, "f")) == Sent::kYes);
  REQUIRE(world.router().send(peer, {"fine"}) == Sent::kYes);
  REQUIRE(world.until([&] { return !node.messages.empty(); }));
  CHECK(node.messages == std::vector<Frames>{{"fine"}});
  CHECK(node.dealer->refused() == 1);
}

TEMPLATE_TEST_CASE("a frame over the limit costs its sender the connection, and nobody else", "",
                   BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node rude(world);
  Node other(world);
  join(world, center, rude);
  join(world, center, other);
  REQUIRE(rude.dealer->send({std::string(kMaxFrameBytes + 1000, 'x')}) == Sent::kYes);
  REQUIRE(world.until([&] { return rude.heard(Link::kLost); }));
  REQUIRE(other.dealer->send({"fine"}) == Sent::kYes);
  REQUIRE(world.until([&] { return center.arrivals.size() == 3; }));
  CHECK(center.arrivals[2].key == other.keys.public_key());
}

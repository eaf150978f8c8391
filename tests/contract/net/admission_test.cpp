#include "tests/contract/net/socket_world.hpp"
#include "tests/contract/net/twin_world.hpp"

using namespace fieldline;
using namespace fieldline::net;

#define BOTH_WORLDS SocketWorld, TwinWorld

TEMPLATE_TEST_CASE("nothing of an unknown key is handled, and it waits for an engineer", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node stranger(world);
  std::vector<std::string> told;
  world.admission().on_unknown([&](const Admission::Knock& knock) { told.push_back(knock.public_key); });
  for (std::size_t tries = 1; tries <= 2; ++tries) {
    REQUIRE(stranger.dealer->reconnect().has_value());
    REQUIRE(stranger.dealer->send({"hello"}) == Sent::kYes);
    REQUIRE(world.until([&] { return stranger.links.size() == tries; }));
    CHECK(stranger.heard(Link::kRefused));
    CHECK(stranger.dealer->send({"hello"}) == Sent::kGone);
  }
  const auto pending = world.admission().pending();
  REQUIRE(pending.size() == 1);
  CHECK(pending[0].public_key == stranger.keys.public_key());
  CHECK_FALSE(pending[0].address.empty());
  CHECK(pending[0].count == 2);
  CHECK(pending[0].first_seen <= pending[0].last_seen);
  CHECK(told == std::vector{stranger.keys.public_key()});

  Node known(world);
  join(world, center, known);
  CHECK(center.arrivals.size() == 1);
  CHECK(center.refusals.empty());
}

TEMPLATE_TEST_CASE("a key that is accepted later gets in with its next connection", "", BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  REQUIRE(node.dealer->reconnect().has_value());
  REQUIRE(world.until([&] { return node.heard(Link::kRefused); }));
  join(world, center, node);
  CHECK(world.until([&] { return node.heard(Link::kReady); }));
  CHECK(world.admission().pending().empty());
}

TEMPLATE_TEST_CASE("a revoked key is heard no more and told no more, though it is connected", "",
                   BOTH_WORLDS) {
  TestType world;
  Center center(world);
  Node node(world);
  const auto peer = join(world, center, node);
  world.admission().revoke(node.keys.public_key());
  CHECK(world.router().send(peer, {"order"}) == Sent::kGone);
  REQUIRE(node.dealer->send({"report"}) == Sent::kYes);
  REQUIRE(world.until([&] { return world.router().refused() == 1; }));
  CHECK(center.arrivals.size() == 1);
  CHECK(center.refusals ==
        std::vector<std::pair<std::string, std::string>>{{node.keys.public_key(), "key not admitted"}});
  REQUIRE(node.dealer->reconnect().has_value());
  CHECK(world.until([&] { return node.heard(Link::kRefused); }));
}

#include "common/wire/message.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::wire;

namespace {

Frames some_order() {
  Order order;
  order.instance = "Pump7";
  order.deployment = "d1";
  return seal(order, 9, 77, "configuration");
}

}  // namespace

TEST_CASE("what one side seals the other opens") {
  const auto frames = some_order();
  const auto envelope = open(frames, Sender::kCoordinator);
  REQUIRE(envelope);
  CHECK(envelope->header == Header{Type::kOrder, kMajor, kMinor, 77, 9});
  CHECK(envelope->attachment == "configuration");
  CHECK(body_of<Order>(*envelope)->instance == "Pump7");
}

TEST_CASE("the header has the bytes that docs/protocol.md gives") {
  const auto frames = seal(Ping{}, 2, 1);
  REQUIRE(frames.size() == 2);
  const std::string expected("FL\x01\x00\x00\x04\x00\x00\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 24);
  CHECK(frames[0] == expected);
  CHECK(frames[1] == "\x80");
}

TEST_CASE("malformed frames are told from those that want a rejection") {
  auto frames = some_order();
  const auto refusal = [&] { return open(frames, Sender::kCoordinator).error().where; };
  SECTION("too few frames") {
    frames.resize(1);
    CHECK(refusal() == "malformed");
  }
  SECTION("too many frames") {
    frames.resize(4);
    CHECK(refusal() == "malformed");
  }
  SECTION("a short header") {
    frames[0].pop_back();
    CHECK(refusal() == "malformed");
  }
  SECTION("a foreign header") {
    frames[0][0] = 'X';
    CHECK(refusal() == "malformed");
  }
  SECTION("another major version") {
    frames[0][2] = 2;
    CHECK(refusal() == "unsupported-version");
  }
  SECTION("an unknown type") {
    frames[0][5] = 99;
    CHECK(refusal() == "unknown-type");
  }
  SECTION("a type that the other side sends") {
    CHECK(open(frames, Sender::kNode).error().where == "unknown-type");
  }
  SECTION("an oversized body") {
    frames[1] = std::string(5000, '\x80');
    CHECK(refusal() == "malformed");
  }
  SECTION("an attachment where none belongs") {
    frames = seal(Welcome{}, 1);
    frames.emplace_back("bytes");
    CHECK(refusal() == "malformed");
  }
}

TEST_CASE("a newer minor version is understood") {
  auto frames = some_order();
  frames[0][3] = 7;
  CHECK(open(frames, Sender::kCoordinator)->header.minor == 7);
}

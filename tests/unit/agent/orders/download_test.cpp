#include "agent/orders/download.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::orders;

namespace {

Order order_of_ten_bytes() {
  Order order;
  order.deployment = "d1";
  order.revision = "r1";
  order.size = 10;
  return order;
}

}  // namespace

TEST_CASE("a configuration is asked for piece by piece until it is whole") {
  Download download(order_of_ten_bytes());
  CHECK(download.next() == Fetch{"d1", 0, "r1"});
  REQUIRE(download.take(Piece{"d1", 0, 10}, "abcdef"));
  CHECK_FALSE(download.complete());
  CHECK(download.next() == Fetch{"d1", 6, "r1"});
  REQUIRE(download.take(Piece{"d1", 6, 10}, "ghij"));
  CHECK(download.complete());
  CHECK(download.release() == "abcdefghij");
}

TEST_CASE("a piece that comes twice counts once") {
  Download download(order_of_ten_bytes());
  REQUIRE(download.take(Piece{"d1", 0, 10}, "abcdef"));
  REQUIRE(download.take(Piece{"d1", 0, 10}, "abcdef"));
  CHECK(download.next().offset == 6);
}

TEST_CASE("a piece that contradicts the order is refused") {
  Download download(order_of_ten_bytes());
  CHECK(download.take(Piece{"d1", 0, 11}, "abc").error().code == ErrorCode::kInvalid);
  CHECK(download.take(Piece{"d1", 0, 10}, "abcdefghijk").error().code == ErrorCode::kInvalid);
  CHECK(download.take(Piece{"d1", 0, 10}, "").error().code == ErrorCode::kInvalid);
}

TEST_CASE("a configuration that the coordinator no longer has is told as such") {
  Download download(order_of_ten_bytes());
  CHECK(download.take(Piece{"d1", 0, 0}, "").error().code == ErrorCode::kNotFound);
}

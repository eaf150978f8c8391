#include "common/settings/text.hpp"

#include <catch2/catch.hpp>

namespace fieldline::settings {
namespace {

TEST_CASE("integers are read whole, in the range of their type") {
  CHECK(Text<int>::parse("-12").value() == -12);
  CHECK(Text<std::uint16_t>::parse("65535").value() == 65535);
  for (const auto* wrong : {"", " 1", "1 ", "1.0", "0x10", "65536", "-1", "one"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Text<std::uint16_t>::parse(wrong));
  }
}

TEST_CASE("only true and false are booleans") {
  CHECK(Text<bool>::parse("true").value());
  CHECK_FALSE(Text<bool>::parse("false").value());
  CHECK_FALSE(Text<bool>::parse("yes"));
  CHECK_FALSE(Text<bool>::parse("1"));
}

TEST_CASE("endpoints are hosts with ports, IPv6 in brackets") {
  CHECK(Text<Endpoint>::parse("plant-1.example:7400").value() == Endpoint{"plant-1.example", 7400});
  CHECK(Text<Endpoint>::parse("[::1]:0").value() == Endpoint{"::1", 0});
  CHECK(Text<Endpoint>::print({"::1", 80}) == "[::1]:80");
  CHECK(Text<Endpoint>::print({"10.0.0.1", 80}) == "10.0.0.1:80");
  for (const auto* wrong :
       {"", "host", ":1", "host:", "host:65536", "::1:80", "[]:1", "[host]:1", "tcp://h:1", "a b:1"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Text<Endpoint>::parse(wrong));
  }
}

TEST_CASE("a path may not be empty") {
  CHECK(Text<std::filesystem::path>::parse("/var/lib/fieldline").value() == "/var/lib/fieldline");
  CHECK_FALSE(Text<std::filesystem::path>::parse(""));
}

}  // namespace
}  // namespace fieldline::settings

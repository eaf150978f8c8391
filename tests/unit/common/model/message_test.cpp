#include "common/model/message.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;

TEST_CASE("the id of a message reads as site, node, epoch and sequence, and is read back") {
  const MessageId id{3, "a", 1024, "north"};
  CHECK(id.text() == "north.a.3.1024");
  const auto back = MessageId::parse("north.a.3.1024");
  REQUIRE(back);
  CHECK(*back == id);
  CHECK(MessageId::parse("north.a.0.18446744073709551615")->sequence == 18446744073709551615U);
}

TEST_CASE("what is no id of a message, or a second spelling of one, is refused") {
  const auto* text =
      GENERATE("", "north", "north.a.3", "north.a.3.1024.5", "north.a.03.1024", "north.a.3.+4", "north.a.3.",
               "north.a.-3.4", ".a.3.4", "nor th.a.3.4", "north.a.3.1024 ", "north.a.3.18446744073709551616");
  CHECK_FALSE(MessageId::parse(text));
}

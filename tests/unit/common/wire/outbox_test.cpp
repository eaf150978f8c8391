#include "common/wire/outbox.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::chrono_literals;
using namespace std::string_literals;

TEST_CASE("a message of each kind survives its bytes, but for its id") {
  const auto content = GENERATE(
      MessageContent(HttpRequest{"\0body"s, "application/json", {{"X-Unit", "bar"}}, "PUT", "/v1"}),
      MessageContent(DatabaseWrite{{{"level", 7.5}, {"none", Value()}}, "INSERT INTO t VALUES (:level)"}),
      MessageContent(Mail{"It is too high.", "Level"}));
  Message message{Timestamp(5s),     content, MessageId{1, "a", 7, "north"}, "Pump", "Send",
                  "smtp-settings/x", "t"};
  const auto back = unpack_message(pack_message(message));
  REQUIRE(back);
  message.id = {};
  CHECK(*back == message);
}

TEST_CASE("bytes that hold no kind of message, or no message are refused") {
  CHECK_FALSE(unpack_message(""));
  CHECK_FALSE(unpack_message("\x80"));
  auto bytes = pack_message({{}, Mail{"b", "s"}, {}, "i", "s", "t", ""});
  CHECK(unpack_message(bytes));
  bytes.replace(bytes.find("mail"), 4, "male");
  CHECK_FALSE(unpack_message(bytes));
}

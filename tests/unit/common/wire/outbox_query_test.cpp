#include <catch2/catch.hpp>

#include "common/wire/message.hpp"

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

template <class Body>
void check_travels(const Body& body, std::uint16_t number, Sender sender) {
  const auto frames = seal(body, 7, 3);
  CHECK(static_cast<std::uint8_t>(frames[0][5]) == number);
  for (const auto who : {Sender::kNode, Sender::kCoordinator, Sender::kPeer})
    CHECK(open(frames, who).has_value() == (who == sender));
  CHECK(*body_of<Body>(*open(frames, sender)) == body);
  const auto bytes = encode(body);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode<Body>(bytes.substr(0, size)));
}

const MessageId kId{5, "a", 300, "north"};
const Timestamp kThen{1'800'000'000s};

}  // namespace

TEST_CASE("what central asks about an outbox travels from it to a node only, and the answers back") {
  check_travels(OutboxQuery{"x"}, 64, Sender::kCoordinator);
  check_travels(OutboxPage{true,
                           false,
                           24h,
                           1 << 30,
                           "x",
                           {{false, 10, 2, Filling::kNearlyFull, true, "503", kThen, 1, 30s, 10,
                             "external-systems/erp"}}},
                65, Sender::kNode);
  check_travels(ParkedQuery{"x", "Pump", 10, "external-systems/erp"}, 66, Sender::kCoordinator);
  check_travels(ParkedPage{{{kThen, 10, kId, "Pump", kThen, "refused", "Send", "external-systems/erp"}}, "x"},
                67, Sender::kNode);
  check_travels(MessageQuery{true, kId, 32768}, 68, Sender::kCoordinator);
  check_travels(MessagePiece{kThen, kThen, "201", "Pump", 0, "Send", 10, MessageState::kParked, "x/y"}, 69,
                Sender::kNode);
  check_travels(ParkedDecision{"", Decision::kDiscard, kId, "", "", "ann"}, 70, Sender::kCoordinator);
  check_travels(ParkedDecided{"not-active", 0, "no", ""}, 71, Sender::kNode);
}

TEST_CASE("a decision about parked messages has the bytes that docs/protocol.md gives") {
  CHECK(encode(ParkedDecision{"", Decision::kDiscard, kId, "", "", "ann"}) ==
        "\x86\xa6"s + "cursor\xa0\xa8" + "decision\xa7" + "discard\xa2" + "id\x84\xa5" + "epoch\x05\xa4" +
            "node\xa1" + "a\xa8" + "sequence\xcd\x01\x2c\xa4" + "site\xa5" + "north\xa8" +
            "instance\xa0\xa6" + "target\xa0\xa3" + "who\xa3" + "ann");
  CHECK_FALSE(decode<ParkedDecision>("\x82\xa8"s + "decision\xa4" + "burn\xa3" + "who\xa3" + "ann"));
  // Whoever decides is named.
  CHECK_FALSE(decode<ParkedDecision>("\x81\xa8"s + "decision\xa5" + "retry"));
}

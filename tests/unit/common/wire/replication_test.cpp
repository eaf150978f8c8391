#include <catch2/catch.hpp>
#include <string>

#include "common/base/random.hpp"
#include "common/wire/message.hpp"

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::string_literals;

namespace {

const RecordHead kHead{
    Timestamp(Duration(1)), 0xFFFFFFFF, 3, MessageId{3, "a", 1024, "north"}, 1, "why", 1024, 2};
const RecordBatch kBatch{3, 1023, "j", {kHead}, "s", 1024};

template <class Body>
void check_only_peers_send(const Body& body) {
  const auto frames = seal(body, 3);
  const auto opened = open(frames, Sender::kPeer);
  REQUIRE(opened);
  CHECK(*body_of<Body>(*opened) == body);
  CHECK(open(frames, Sender::kNode).error().where == "unknown-type");
  CHECK(open(frames, Sender::kCoordinator).error().where == "unknown-type");
}

}  // namespace

TEST_CASE("what nodes of a pair say of their journals is taken from a peer alone, as it was sent") {
  check_only_peers_send(kBatch);
  check_only_peers_send(ResyncQuery{1024, "j", 7, 4});
  check_only_peers_send(ResyncPage{3, 0, true, "j", 2000, 7, {kHead, kHead}, "s", 1024});
  check_only_peers_send(ReplicaAck{"own", 77, "j", 1024});
  check_only_peers_send(TailOffer{7, {kHead}});
  check_only_peers_send(TailFates{{MessageFate::kLive, MessageFate::kDropped}, 7});
  check_only_peers_send(RecordsQuery{{{3, "a", 1024, "north"}}, 7});
  check_only_peers_send(RecordsFound{7, {}});
}

TEST_CASE("a batch of records has the bytes that docs/protocol.md gives") {
  const auto frames = seal(kBatch, 3, 0, "\xC0\x00"s);
  REQUIRE(frames.size() == 3);
  CHECK(frames[0] == "FL\x01\x00\x00\x38\x00\x00\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03"s);
  CHECK(frames[1] ==
        "\x86\xA5"
        "epoch\x03\xA4"
        "from\xCD\x03\xFF\xA7"
        "journal\xA1j\xA7"
        "records\x91\x88\xA2"
        "at\xD7\x01\0\0\0\0\0\0\0\x01\xA3"
        "crc\xCE\xFF\xFF\xFF\xFF\xA5"
        "epoch\x03\xA2"
        "id\x84\xA5"
        "epoch\x03\xA4"
        "node\xA1"
        "a\xA8"
        "sequence\xCD\x04\x00\xA4"
        "site\xA5"
        "north\xA4"
        "kind\x01\xA4"
        "note\xA3why\xA5"
        "place\xCD\x04\x00\xA4"
        "size\x02\xA6"
        "stream\xA1s\xA7"
        "through\xCD\x04\x00"s);
  CHECK(frames[2] == "\xC0\x00"s);
}

TEST_CASE("damaged bytes of a batch are refused or understood, never more than that") {
  const auto bytes = encode(kBatch);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode<RecordBatch>(bytes.substr(0, size)));
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto changed = bytes;
    for (auto flips = 1 + random.below(4); flips > 0; --flips)
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    if (const auto back = decode<RecordBatch>(changed)) CHECK(encode(*back).size() < 2 * bytes.size());
  }
}

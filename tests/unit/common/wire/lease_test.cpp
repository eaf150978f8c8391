#include <catch2/catch.hpp>

#include "common/base/random.hpp"
#include "common/wire/message.hpp"

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

// What opens as `Body` when `sender` sends these frames.
template <class Body>
Result<Body> received(const Frames& frames, Sender sender) {
  const auto envelope = open(frames, sender);
  if (!envelope) return fail(envelope.error());
  return body_of<Body>(*envelope);
}

template <class Body>
void check_golden_bytes(const Body& body, std::uint8_t type, const std::string& bytes) {
  const auto frames = seal(body, 7);
  REQUIRE(frames.size() == 2);
  const auto head = "FL\x01\x00\x00"s + static_cast<char>(type) + "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07"s;
  CHECK(frames[0] == head);
  CHECK(frames[1] == bytes);
  CHECK(*decode<Body>(bytes) == body);
}

template <class Body>
bool opens(const Body& body, Sender sender) {
  return received<Body>(seal(body, 1), sender).has_value();
}

// Cut, changed and prolonged bytes: refused or understood, never more than that.
template <class Body>
void check_hostile_bytes(const Body& body) {
  const auto bytes = encode(body);
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode<Body>(bytes.substr(0, size)));
  CHECK_FALSE(decode<Body>(bytes + '\x00'));
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    auto changed = bytes;
    for (auto flips = 1 + random.below(4); flips > 0; --flips)
      changed[random.below(changed.size())] = static_cast<char>(random.below(256));
    if (const auto back = decode<Body>(changed)) CHECK(encode(*back).size() < 200);
  }
}

const VoteRequest kRequest{5, 6s, 9, true};
const VoteRefusal kRefusal{5, 8, 9, VoteReason::kOldEpoch, 20ms};
const PeerBeat kBeat{5, NodePhase::kDraining, {4, 300}};

}  // namespace

TEST_CASE("a switch is asked for by the coordinator and answered by a node, nobody else") {
  const SwitchAnswer answer{"no-standby", "nobody there"};
  check_golden_bytes(SwitchQuery{}, 54, "\x80"s);
  check_golden_bytes(answer, 55,
                     "\x82\xa4"
                     "code\xaa"
                     "no-standby\xa7"
                     "message\xac"
                     "nobody there"s);
  check_golden_bytes(MaintenanceQuery{true}, 72, "\x81\xa5"s + "enter\xc3");
  CHECK_FALSE(opens(MaintenanceQuery{}, Sender::kNode));
  CHECK_FALSE(opens(MaintenanceQuery{}, Sender::kPeer));
  CHECK_FALSE(opens(SwitchQuery{}, Sender::kNode));
  CHECK_FALSE(opens(SwitchQuery{}, Sender::kPeer));
  CHECK_FALSE(opens(answer, Sender::kCoordinator));
  CHECK_FALSE(opens(answer, Sender::kPeer));
  check_hostile_bytes(answer);
}

TEST_CASE("messages of the pair have the bytes that docs/protocol.md gives") {
  check_golden_bytes(
      kRequest, 48,
      "\x84\xa5"s + "epoch\x05\xa5" + "lease\xce\x00\x5b\x8d\x80\xa6"s + "number\x09\xa5" + "probe\xc3");
  check_golden_bytes(VoteGrant{5, 9, false}, 49,
                     "\x83\xa5"s + "epoch\x05\xa6" + "number\x09\xa5" + "probe\xc2");
  check_golden_bytes(kRefusal, 50,
                     "\x85\xa5"s + "epoch\x05\xa4" + "kept\x08\xa6" + "number\x09\xa6" + "reason\xa9" +
                         "old-epoch\xa4" + "wait\xcd\x4e\x20");
  check_golden_bytes(LeaseRelease{5, true}, 51, "\x82\xa5"s + "epoch\x05\xa8" + "handover\xc3");
  check_golden_bytes(RoleChange{5, NodePhase::kActive, Role::kActive}, 52,
                     "\x83\xa5"s + "epoch\x05\xa5" + "phase\xa6" + "active\xa4" + "role\xa6" + "active");
  check_golden_bytes(kBeat, 53,
                     "\x83\xa5"s + "epoch\x05\xa5" + "phase\xa8" + "draining\xa8" + "position\x82\xa5" +
                         "epoch\x04\xa8" + "sequence\xcd\x01\x2c");
}

TEST_CASE("each message of the pair is taken on its channels and on no other") {
  CHECK(opens(kRequest, Sender::kNode));
  CHECK(opens(kRequest, Sender::kPeer));
  CHECK_FALSE(opens(kRequest, Sender::kCoordinator));
  CHECK(opens(VoteGrant{}, Sender::kCoordinator));
  CHECK(opens(VoteGrant{}, Sender::kPeer));
  CHECK_FALSE(opens(VoteGrant{}, Sender::kNode));
  CHECK(opens(kRefusal, Sender::kCoordinator));
  CHECK(opens(kRefusal, Sender::kPeer));
  CHECK_FALSE(opens(kRefusal, Sender::kNode));
  CHECK(opens(LeaseRelease{}, Sender::kNode));
  CHECK(opens(LeaseRelease{}, Sender::kPeer));
  CHECK_FALSE(opens(LeaseRelease{}, Sender::kCoordinator));
  CHECK(opens(RoleChange{}, Sender::kNode));
  CHECK_FALSE(opens(RoleChange{}, Sender::kPeer));
  CHECK(opens(kBeat, Sender::kPeer));
  CHECK_FALSE(opens(kBeat, Sender::kNode));
  CHECK_FALSE(opens(kBeat, Sender::kCoordinator));
}

TEST_CASE("nothing of the control channel is taken from a peer") {
  CHECK_FALSE(opens(Order{}, Sender::kPeer));
  CHECK_FALSE(opens(Hello{}, Sender::kPeer));
  CHECK_FALSE(opens(Welcome{}, Sender::kPeer));
  CHECK_FALSE(opens(Ping{}, Sender::kPeer));
}

TEST_CASE("hostile bytes in messages of the pair are refused") {
  check_hostile_bytes(kRequest);
  check_hostile_bytes(VoteGrant{5, 9, true});
  check_hostile_bytes(kRefusal);
  check_hostile_bytes(LeaseRelease{5, true});
  check_hostile_bytes(RoleChange{5, NodePhase::kActive, Role::kActive});
  check_hostile_bytes(kBeat);
}

TEST_CASE("a phase, a reason or a number that is none is refused") {
  const auto with = [](std::string bytes, const std::string& from, const std::string& to) {
    const auto found = bytes.find(from);
    REQUIRE(found != std::string::npos);
    return bytes.replace(found, from.size(), to);
  };
  CHECK_FALSE(decode<PeerBeat>(with(encode(kBeat), "draining", "training")));
  CHECK_FALSE(decode<VoteRefusal>(with(encode(kRefusal), "old-epoch", "old-epocs")));
  CHECK_FALSE(decode<VoteRequest>(with(encode(kRequest), "epoch\x05", "epoch\xff")));  // −1
  CHECK_FALSE(decode<VoteRequest>(with(encode(kRequest), "probe\xc3", "probe\x01")));
  CHECK_FALSE(decode<VoteRequest>(with(encode(kRequest), "number", "numbes")));
}

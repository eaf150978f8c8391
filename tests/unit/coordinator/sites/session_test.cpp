// Who is let in, who is believed, and when a session is over.
#include <catch2/catch.hpp>

#include "tests/unit/coordinator/sites/field.hpp"

namespace fieldline::sites {
namespace {

TEST_CASE("a node whose key is accepted is welcomed in the coordinator's term and settings") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  CHECK(a->welcomes.front().term == kTerm);
  CHECK(a->terms.back() == kTerm);
  CHECK(a->welcomes.front().silence_limit == 10s);
  CHECK(field.sites.connected("north"));
  CHECK(field.sites.active("north") == kA);
  CHECK_FALSE(field.sites.standby("north"));
  CHECK(field.sites.is_pair("north"));
  CHECK(field.sites.node(kA)->online);
  CHECK(field.sites.node(kA)->role == Role::kActive);
  CHECK_FALSE(field.sites.node(kB)->online);
  CHECK(field.heard(NodeEventKind::kOnline));
}

TEST_CASE(
    "an unknown key is pending until an engineer accepts it for a node, and nothing it sends is handled") {
  Field field;
  auto stranger = field.node(kA, Role::kActive, "stranger");
  stranger->connect();
  field.time.run_for(1s);
  CHECK(stranger->welcomes.empty());
  CHECK_FALSE(field.sites.connected("north"));
  REQUIRE(field.sites.pending().size() == 1);
  CHECK(field.sites.pending().front().public_key == key_of("stranger"));
  CHECK(field.heard(NodeEventKind::kPending));

  field.accept(*stranger, kA);
  CHECK(field.sites.pending().empty());
  CHECK_FALSE(field.sites.node(kA)->fingerprint.empty());
  const auto rows = field.keys.all();
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().accepted_by == "ann");
  stranger->connect();
  field.time.run_for(1s);
  CHECK(stranger->welcomes.size() == 1);
}

TEST_CASE("a key is accepted for a defined node without a key, and for no other") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  auto second = field.node(kA, Role::kActive, "second");
  second->connect();
  field.time.run_for(1s);
  const auto fingerprint = field.sites.pending().front().fingerprint;
  const auto accept = [&](const std::string& print, const NodeId& id) {
    std::optional<Result<>> outcome;
    field.sites.accept(print, id, "ann", [&](Result<> done) { outcome = std::move(done); });
    field.time.run_for(1s);
    REQUIRE(outcome);
    REQUIRE_FALSE(*outcome);
    return outcome->error().code;
  };
  CHECK(accept(fingerprint, kA) == ErrorCode::kConflict);
  CHECK(accept(fingerprint, {"south", "a"}) == ErrorCode::kNotFound);
  CHECK(accept("0123456789abcdef", kB) == ErrorCode::kNotFound);
}

TEST_CASE("an accepted key that claims to be another node is refused and reported") {
  Field field;
  auto a = field.node(kA, Role::kActive, "a");
  field.accept(*a, kA);
  a->hello.node = "b";
  a->connect();
  field.time.run_for(1s);
  CHECK(a->reject_codes() == std::vector<std::string>{"wrong-identity"});
  CHECK_FALSE(field.sites.connected("north"));
  CHECK(field.heard(NodeEventKind::kWarning, "wrong-identity"));
}

TEST_CASE("nothing is handled before a HELLO is welcomed") {
  Field field;
  auto a = field.node(kA, Role::kActive, "a");
  field.accept(*a, kA);
  a->hello.site = "elsewhere";  // so that connect() is not welcomed
  a->connect();
  a->send(NodeHealth{});
  a->send(Report{});
  field.time.run_for(1s);
  CHECK(a->reject_codes() == std::vector<std::string>{"wrong-identity", "hello-first", "hello-first"});
  CHECK_FALSE(field.sites.node(kA)->health);
}

TEST_CASE("another major version and unknown types are refused with words") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  auto frames = wire::seal(a->hello, 0);
  frames[0][2] = 9;
  a->send_frames(frames);
  frames = wire::seal(wire::Ping{}, 0);
  frames[0][5] = 99;
  a->send_frames(frames);
  // What only a coordinator may send is unknown from a node.
  a->send_frames(wire::seal(Order{}, 0));
  field.time.run_for(1s);
  CHECK(a->reject_codes() == std::vector<std::string>{"unsupported-version", "unknown-type", "unknown-type"});
  CHECK(field.sites.node(kA)->malformed == 3);
}

TEST_CASE("hostile bytes are counted against their sender and end nothing") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  Random random(7);
  const std::vector<net::Frames> honest{wire::seal(a->hello, 0), wire::seal(NodeHealth{}, 0),
                                        wire::seal(Report{}, 0), wire::seal(Fetch{"x", 0, "y"}, 0),
                                        wire::seal(InventoryPage{}, 0, 1)};
  for (int i = 0; i < 5000; ++i) {
    auto frames = honest[random.below(honest.size())];
    auto& frame = frames[random.below(frames.size())];
    if (random.below(4) == 0) frame.resize(random.below(frame.size() + 1));
    for (std::size_t hits = 1 + random.below(4); hits > 0 && !frame.empty(); --hits)
      frame[random.below(frame.size())] = static_cast<char>(random.below(256));
    if (random.below(8) == 0) frames.emplace_back(random.below(64), 'x');
    a->send_frames(std::move(frames));
    if (i % 50 == 0) field.time.run_for(20ms);
  }
  field.time.run_for(1s);
  CHECK(field.sites.node(kA)->malformed > 1000);
  // A mangled HELLO may have ended the session, or not; an honest one is welcome.
  const auto welcomes = a->welcomes.size();
  a->connect();
  field.time.run_for(1s);
  CHECK(a->welcomes.size() == welcomes + 1);
  CHECK(field.sites.node(kA)->online);
}

TEST_CASE("any traffic keeps a session alive, silence ends it and says so") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  field.time.run_for(60s);
  CHECK(field.sites.node(kA)->online);
  CHECK(a->seen[wire::Type::kPong] >= 29);
  a->disconnect_silently();
  field.time.run_for(9s);
  CHECK(field.sites.node(kA)->online);
  field.time.run_for(4s);
  CHECK_FALSE(field.sites.node(kA)->online);
  CHECK(field.heard(NodeEventKind::kOffline, "silent"));
  CHECK_FALSE(field.sites.active("north"));
}

TEST_CASE("what a node said of itself stands while it is away, with the time when it was true") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  NodeHealth health;
  health.role = Role::kActive;
  health.tags_good = 7;
  CHECK_FALSE(field.sites.node(kA)->health_time);
  field.time.run_for(3s);
  a->send(health);
  field.time.run_for(1s);
  const auto said = field.sites.node(kA);
  REQUIRE(said->health_time);
  CHECK(*said->health_time - *said->since >= 3s);
  a->disconnect_silently();
  field.time.run_for(60s);
  const auto now = field.sites.node(kA);
  CHECK_FALSE(now->online);
  CHECK(now->health->tags_good == 7);
  CHECK(now->health_time == said->health_time);
  CHECK(*now->since > *now->health_time);
}

TEST_CASE("the newest HELLO of an identity wins, and connections that alternate are reported") {
  Field field;
  const auto first = field.welcomed(kA, Role::kActive);
  auto twin = field.node(kA, Role::kActive, "a");
  twin->connect();
  field.time.run_for(1s);
  CHECK(twin->welcomes.size() == 1);
  CHECK(first->reject_codes() == std::vector<std::string>{"superseded"});
  CHECK_FALSE(field.heard(NodeEventKind::kWarning, "contested-identity"));
  first->connect();
  field.time.run_for(1s);
  twin->connect();
  field.time.run_for(1s);
  CHECK(field.heard(NodeEventKind::kWarning, "contested-identity"));
}

TEST_CASE("of two nodes that claim to be active the newest epoch is, and the site is flagged") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  const auto b = field.node(kB, Role::kActive, "b");
  b->hello.epoch = 3;
  field.accept(*b, kB);
  b->connect();
  field.time.run_for(1s);
  CHECK(field.sites.active("north") == kB);
  CHECK(field.heard(NodeEventKind::kWarning, "two-active"));
}

TEST_CASE(
    "the key of a node that is revoked or no longer defined counts no more, at once and after a restart") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  const auto b = field.welcomed(kB, Role::kStandby);
  std::optional<Result<>> outcome;
  field.on_loop([&] { field.sites.revoke(kB, [&](Result<> done) { outcome = std::move(done); }); });
  REQUIRE(outcome);
  CHECK(*outcome);
  CHECK_FALSE(field.sites.node(kB)->online);
  field.on_loop([&] { field.sites.define({kB}); });
  CHECK_FALSE(field.sites.node(kA));
  CHECK_FALSE(field.sites.connected("north"));
  CHECK(field.keys.all()->empty());
  a->connect();
  field.time.run_for(1s);
  CHECK(a->welcomes.size() == 1);
}

TEST_CASE("the last health of a node is kept with the time at which it was true") {
  Field field;
  const auto a = field.welcomed(kA, Role::kActive);
  NodeHealth health;
  health.instances = 12;
  a->send(health);
  field.time.run_for(1s);
  const auto at = field.sites.node(kA)->health_time;
  REQUIRE(at);
  CHECK(field.sites.node(kA)->health->instances == 12);
  a->disconnect_silently();
  field.time.run_for(60s);
  CHECK(field.sites.node(kA)->health->instances == 12);
  CHECK(field.sites.node(kA)->health_time == at);
}

}  // namespace
}  // namespace fieldline::sites

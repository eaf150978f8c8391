#include "agent/uplink/session.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::uplink;
using namespace std::chrono_literals;

namespace {

constexpr Instant at(Duration since_start) {
  return Instant(since_start);
}

Session open_session(Random& random) {
  Session session;
  REQUIRE(tick(session, at(0s), random) == Action::kDial);
  Welcome welcome;
  welcome.ping_interval = 2s;
  welcome.silence_limit = 10s;
  welcomed(session, welcome, at(1s));
  return session;
}

}  // namespace

TEST_CASE("an open session pings in the coordinator's rhythm") {
  Random random(1);
  auto session = open_session(random);
  CHECK(next_tick(session) == at(3s));
  CHECK(tick(session, at(2999ms), random) == Action::kNone);
  CHECK(tick(session, at(3s), random) == Action::kPing);
  CHECK(next_tick(session) == at(5s));
}

TEST_CASE("silence ends a session, any message prolongs it") {
  Random random(1);
  auto session = open_session(random);
  heard(session, at(8s));
  CHECK(tick(session, at(17s), random) == Action::kPing);
  CHECK(tick(session, at(18s), random) == Action::kHangUp);
  CHECK(session.phase == Phase::kWaiting);
}

TEST_CASE("a coordinator that does not answer HELLO is given up and dialed again") {
  Random random(1);
  Session session;
  REQUIRE(tick(session, at(0s), random) == Action::kDial);
  CHECK(tick(session, at(kGreetingLimit), random) == Action::kHangUp);
  CHECK(tick(session, next_tick(session), random) == Action::kDial);
}

TEST_CASE("attempts never end and never come faster than the jittered backoff allows") {
  Random random(7);
  Session session;
  Instant now{};
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(tick(session, now, random) == Action::kDial);
    REQUIRE(lost(session, now, random) == Action::kHangUp);
    const auto wait = next_tick(session) - now;
    CHECK(wait >= kBackoffBase / 10);
    CHECK(wait <= kBackoffCap);
    now = next_tick(session);
  }
}

TEST_CASE("a session that was open starts its backoff afresh") {
  Random random(1);
  Session session;
  session.attempt = 20;
  welcomed(session, Welcome{}, at(0s));
  REQUIRE(lost(session, at(1s), random) == Action::kHangUp);
  CHECK(next_tick(session) - at(1s) <= kBackoffBase);
}

TEST_CASE("a loss that is told twice hangs up once") {
  Random random(1);
  auto session = open_session(random);
  CHECK(lost(session, at(2s), random) == Action::kHangUp);
  CHECK(lost(session, at(2s), random) == Action::kNone);
}

TEST_CASE("a coordinator can't make a node spin with absurd intervals") {
  Random random(1);
  Session session;
  Welcome welcome;
  welcome.ping_interval = Duration(-5);
  welcome.silence_limit = Duration(0);
  welcomed(session, welcome, at(0s));
  CHECK(next_tick(session) > at(0s));
}

#include "agent/uplink/session.hpp"

#include <algorithm>

namespace fieldline::uplink {
namespace {

void wait(Session& session, Instant now, Random& random) {
  session.phase = Phase::kWaiting;
  session.deadline = now + random.backoff(kBackoffBase, kBackoffCap, session.attempt);
}

}  // namespace

void heard(Session& session, Instant now) {
  if (session.phase == Phase::kOpen) session.deadline = now + session.silence_limit;
}

void welcomed(Session& session, const Welcome& welcome, Instant now) {
  session.phase = Phase::kOpen;
  session.attempt = 0;
  session.ping_interval = std::max(welcome.ping_interval, Duration(std::chrono::milliseconds(10)));
  session.silence_limit = std::max(welcome.silence_limit, session.ping_interval);
  session.next_ping = now + session.ping_interval;
  session.deadline = now + session.silence_limit;
}

Action lost(Session& session, Instant now, Random& random) {
  if (session.phase == Phase::kWaiting) return Action::kNone;
  wait(session, now, random);
  return Action::kHangUp;
}

Action tick(Session& session, Instant now, Random& random) {
  if (now >= session.deadline) {
    if (session.phase != Phase::kWaiting) return lost(session, now, random);
    session.phase = Phase::kGreeting;
    ++session.attempt;
    session.deadline = now + kGreetingLimit;
    return Action::kDial;
  }
  if (session.phase == Phase::kOpen && now >= session.next_ping) {
    session.next_ping = now + session.ping_interval;
    return Action::kPing;
  }
  return Action::kNone;
}

Instant next_tick(const Session& session) {
  return session.phase == Phase::kOpen ? std::min(session.deadline, session.next_ping) : session.deadline;
}

}  // namespace fieldline::uplink

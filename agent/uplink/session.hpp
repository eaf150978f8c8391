// The life of a node's session with the coordinator, as a pure machine: no socket, no clock.
//
//              Dial                 welcomed
//   kWaiting ───────► kGreeting ──────────────► kOpen ──┐ heard, Ping
//      ▲                  │ refused, link down,   │  ▲───┘
//      └──────────────────┴──── silence ──────────┘
//
// Waiting grows with full jitter and never ends: an agent without a coordinator goes on running its
// instances and goes on trying.
#pragma once

#include <optional>

#include "common/base/random.hpp"
#include "common/base/time.hpp"
#include "common/model/session.hpp"

namespace fieldline::uplink {

inline constexpr Duration kBackoffBase = std::chrono::milliseconds(500);
inline constexpr Duration kBackoffCap = std::chrono::seconds(30);
// From dialing to WELCOME: the handshake's own limit of 10 s and an answer over a slow line.
inline constexpr Duration kGreetingLimit = std::chrono::seconds(15);

enum class Phase { kWaiting, kGreeting, kOpen };

struct Session {
  Phase phase = Phase::kWaiting;
  unsigned attempt = 0;  // dials since the last WELCOME
  Instant deadline{};    // kWaiting: dial again; kGreeting, kOpen: give the connection up
  Instant next_ping{};   // kOpen
  Duration ping_interval{};
  Duration silence_limit{};
};

enum class Action {
  kNone,
  kDial,  // a new connection, and HELLO on it
  kPing,
  kHangUp,  // the connection is of no use any more; another will be dialed later
};

// Something came from the coordinator; any message counts as life.
void heard(Session& session, Instant now);
// WELCOME came: the session is open.
void welcomed(Session& session, const Welcome& welcome, Instant now);
// REJECT came, or the connection broke.
Action lost(Session& session, Instant now, Random& random);
// Time has passed.
Action tick(Session& session, Instant now, Random& random);
// When tick() has something to do.
Instant next_tick(const Session& session);

}  // namespace fieldline::uplink

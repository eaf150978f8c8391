// The life of one message, as a function: what it is, what happened, and what is to be done. Knows no clock,
// disk or target.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "agent/targets/courier.hpp"
#include "common/base/time.hpp"

namespace fieldline::outbox {

//                 ┌──────────── due ────────────┐
//                 ▼                             │
//   accepted ► waiting ── begin ► delivering ── postponed ► pausing
//                 ▲                │   │  │ └─ interrupted ► waiting (the same attempt again)
//                 │        delivered   │  └─ refused, or postponed past the limit
//                 │                ▼   │          ▼
//                 │           (settled)└────►  parked ── discard ► (settled)
//                 └──────────── retry ────────────┘
//
// Of an ordered target nothing is parked: what would be pauses, and is tried again until it is delivered.
// A message that is waiting may also be dropped by a lane that is full: (settled).
// A restart finds everything as waiting or parked: how often it was tried is forgotten, that it was accepted
// is not.
enum class Stage { kWaiting, kDelivering, kPausing, kParked, kSettled };

struct Life {
  Stage stage = Stage::kWaiting;
  std::int64_t attempts = 0;  // that ended
  Instant due{};              // when it is pausing
  std::string reason{};       // of the last attempt that failed
  bool blocked = false;       // it would have been parked
};

// How often and how long a target is tried, from its artifact.
struct Patience {
  Duration retry_interval = std::chrono::seconds(30);
  std::int64_t retry_limit = 10;  // attempts after the first
  bool ordered = false;
};

struct Begin {};
struct Interrupted {};  // this node may not act any more: nobody knows how the attempt ended
struct Due {};
struct Retry {};
struct Discard {};
struct Drop {};
using Happening = std::variant<Begin, targets::Delivered, targets::Postponed, targets::Refused, Interrupted,
                               Due, Retry, Discard, Drop>;

enum class Deed { kNothing, kDeliver, kMark, kPause, kPark, kRequeue, kRemove };

struct Step {
  Life next;
  Deed deed = Deed::kNothing;
};

// Empty: that can't happen at this stage, and the life stays as it is.
std::optional<Step> step(const Life& life, const Happening& happening, const Patience& patience, Instant now);

}  // namespace fieldline::outbox

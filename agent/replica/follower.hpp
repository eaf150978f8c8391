// How a standby follows its peer's journal, as a pure machine: no socket, no disk, no clock. It applies what
// joins, and fetches what does not (docs/pair.md).
//
//  kWaiting ─► kFollowing ◄─► kResyncing        a word of the peer's stream; a gap in it; the gap closed
//     ▲             │             │
//     └─────────────┴─────────────┴── this node serves, and follows nobody
//
// Of writes to the journal one is under way at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/time.hpp"
#include "common/model/replication.hpp"

namespace fieldline::replica {

using journal::Place;
using journal::Reach;

// All that stands in the peer's journal after `from`, through `reach.place`.
struct Portion {
  Reach reach;
  Place from = 0;
  std::vector<journal::Record> records;
  std::size_t bytes = 0;
};

// Events.
struct Follow {  // this node stands by; it knows of no later epoch than this
  std::uint64_t epoch = 0;
};
struct Rest {};  // it does not
struct Streamed {
  Portion portion;
};
struct Paged {
  std::uint64_t number = 0;
  bool gap = false;
  Place newest = 0;
  Portion portion;
};
struct Written {  // the answer to Apply, BeginSnapshot and EndSnapshot
  bool done = false;
};
struct Unshared {  // the answer to ReadUnshared
  bool done = false;
  std::vector<journal::Record> records;
  Place through = 0;
};
struct Answered {  // the peer, to an Offer
  TailFates fates;
};
struct Resolved {  // the answer to Resolve
  bool done = false;
};
struct Hurry {};  // the peer waits for the last ack
struct Tick {};
using Event = std::variant<Follow, Rest, Streamed, Paged, Written, Unshared, Answered, Resolved, Hurry, Tick>;

// Actions, to be carried out in order.
struct Apply {
  Reach reach;
  std::vector<journal::Record> records;
};
struct BeginSnapshot {
  std::string journal;
  bool set_back = false;  // it reaches less far than it did
};
struct EndSnapshot {};
struct Ask {
  ResyncQuery query;
};
struct Ack {
  std::string journal;
  Place place = 0;
};
struct ReadUnshared {
  Place after = 0;
};
struct Offer {
  std::uint64_t number = 0;
  std::vector<journal::Record> records;
};
struct Resolve {
  std::vector<Place> places;  // of what was offered, in this node's journal
  std::vector<journal::Fate> fates;
};
struct Moved {};  // what is durable reaches further
using Action = std::variant<Apply, BeginSnapshot, EndSnapshot, Ask, Ack, ReadUnshared, Offer, Resolve, Moved>;
using Actions = std::vector<Action>;

enum class Mode { kResting, kWaiting, kFollowing, kResyncing };

struct State {
  enum class Write { kNone, kApply, kBegin, kEnd };
  enum class Tail { kQuiet, kReading, kOffered, kResolving };
  struct Resync {
    std::uint64_t number = 0;
    Place expected = 0;    // where the next page begins
    bool is_page = false;  // what is being applied
    bool is_last = false;  // and when it was read nothing stood behind it
    Instant progress{};
    std::deque<Paged> pages;
  };
  struct Snapshot {
    bool wanted = false;    // to be begun
    bool set_back = false;  // because the journal was
    bool open = false;      // begun at the journal, and not ended
    bool complete = false;  // to be ended
  };
  struct Offering {
    Tail state = Tail::kQuiet;
    bool due = false;
    std::uint64_t number = 0;
    Place after = 0;
    Place through = 0;
    std::vector<journal::Record> records;
    Instant sent{};
    Instant not_before{};
  };

  Mode mode = Mode::kResting;
  Reach reached;            // durable; no journal: only a snapshot will do
  Reach source;             // whose stream it is; its place is the newest heard of
  std::uint64_t epoch = 0;  // older ones are refused
  Place applied = 0;        // of the source's journal, within a snapshot too
  Place cursor = 0;         // applied, or being applied
  Write write = Write::kNone;
  Reach writing;         // what is being applied, or was last
  Instant not_before{};  // no write, after one that failed
  std::deque<Portion> live;
  std::size_t live_bytes = 0;
  Resync resync;
  Snapshot snapshot;
  Offering offering;
  Instant in_line{};            // when it lacked nothing that it knew of, last
  std::uint64_t refused = 0;    // of older epochs
  std::uint64_t overflows = 0;  // of what is live
  std::uint64_t resyncs = 0;
  std::uint64_t snapshots = 0;
};

// Numbers of resyncs and offers rise from `number`.
State start(std::uint64_t number);

// `followed` is what the disk has of the peer's journal at this moment; place 0: only a snapshot will do.
Actions step(State& state, Event event, Instant now, const Reach& followed);

// How many records it lacks of those that it knows of; nothing when it can't be told.
[[nodiscard]] std::optional<std::int64_t> lag(const State& state);

}  // namespace fieldline::replica

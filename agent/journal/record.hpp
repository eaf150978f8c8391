// What a journal holds, as its callers see it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/message.hpp"
#include "common/model/outbox.hpp"

namespace fieldline::journal {

// Where a record stands in the journal of this node. Places only rise, by one for each record.
using Place = std::int64_t;

// Time as the journal stores it.
inline std::int64_t micros(Timestamp time) {
  return time.time_since_epoch().count();
}

struct NodeName {
  std::string site;
  std::string node;
};

// What a record tells who reads the journal. Numbers are stored, and never change.
// Of a state the note is the instance, and the bytes are its name, a NUL and what is kept.
enum class RecordKind { kOpened, kMessage, kParked, kSettled, kState, kForgotten };

// How the life of a message ended. Numbers are stored, and never change.
enum class Ending { kDelivered, kDiscarded, kDropped };

// What became of a message.
enum class Fate { kLive, kDelivered, kDiscarded, kDropped };

}  // namespace fieldline::journal

namespace fieldline {

template <>
inline constexpr std::array kEnumNames<journal::Ending> =
    std::to_array<std::string_view>({"delivered", "discarded", "dropped"});
template <>
inline constexpr std::array kEnumNames<journal::Fate> =
    std::to_array<std::string_view>({"live", "delivered", "discarded", "dropped"});

}  // namespace fieldline

namespace fieldline::journal {

struct Accepted {
  MessageId id;
  Place place = 0;
  std::int64_t bytes = 0;
};

// A message that waits, as a lane reads it.
struct Waiting {
  Place place = 0;
  std::int64_t bytes = 0;
  Message message;
};

// The next messages of a lane. A damaged one is set aside at the same time.
struct Window {
  struct Damaged {
    Place place = 0;
    std::int64_t bytes = 0;
  };
  std::vector<Waiting> messages;
  std::vector<Damaged> damaged;
  Place through = 0;  // all of the lane up to here was looked at
};

// The end of a message's life, to be written.
struct Settlement {
  Place place = 0;
  MessageId id;
  Ending ending = Ending::kDelivered;
  Timestamp at{};
  std::string detail;  // "201 Created", or who discarded it
};

// When and where a message ended.
struct Proof {
  Timestamp at{};
  std::string detail;
  Ending ending = Ending::kDelivered;
  std::string target;
};

struct LaneCount {
  std::int64_t bytes = 0;
  std::int64_t messages = 0;
  Place newest = 0;
  Timestamp oldest{};  // when the first was accepted
  std::int64_t parked = 0;
  std::int64_t parked_bytes = 0;
};

// Which parked messages; all conditions given must hold.
struct ParkedFilter {
  std::optional<MessageId> id;
  std::string instance;
  std::string target;
};

// A message that waits or is parked.
struct LiveMessage {
  Message message;
  bool parked = false;
  Timestamp at{};  // when it was parked
  std::string reason;
};

// What became of parked messages of one target.
struct Moved {
  std::string target;
  std::int64_t bytes = 0;
  std::int64_t messages = 0;
  Place newest = 0;  // where the last of them is now, if it waits again
};

// A portion of those that a person decided about.
struct MovedPortion {
  std::vector<Moved> moved;
  std::string next;  // where the next portion begins; empty: there is none
};

// By target: what came, or went where it is negative. `newest` is the last place that came, `oldest` of what
// waits now.
using LaneChanges = std::map<std::string, LaneCount>;

// One record as a peer reads it. `crc` is check_of() the record, not what the row has.
struct Record {
  Place place = 0;
  RecordKind kind = RecordKind::kOpened;
  std::uint64_t epoch = 0;
  Timestamp at{};
  std::optional<MessageId> id;  // of a message
  std::string note;
  std::uint32_t crc = 0;
  std::string bytes;
};
// Of everything else in it: the same on both nodes.
std::uint32_t check_of(const Record& record);

// Of one instance: "values/Setpoint", "alarms/Level" → bytes that only the runtime reads.
using KeptStates = std::map<std::string, std::string>;

// How far another journal was read.
struct Reach {
  std::string journal;
  std::string stream;
  std::uint64_t epoch = 0;
  Place place = 0;

  friend bool operator==(const Reach&, const Reach&) = default;
};

struct Records {
  std::vector<Record> records;
  Place through = 0;  // nothing else stands up to here
  Place newest = 0;   // of the journal
  bool gap = false;   // records that the reader would need are gone: it starts again, from 0
};

}  // namespace fieldline::journal

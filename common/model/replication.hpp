// What the two nodes of a pair tell each other of their journals. The bytes of records travel beside these,
// one after the other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/message.hpp"

namespace fieldline {

// A record but for its bytes.
struct RecordHead {
  Timestamp at{};
  std::uint32_t crc = 0;
  std::uint64_t epoch = 0;
  std::optional<MessageId> id;  // of a message
  std::uint8_t kind = 0;
  std::string note;
  std::int64_t place = 0;
  std::uint32_t size = 0;  // of its bytes

  static constexpr auto fields =
      fields_in_order(required("at", &RecordHead::at), required("crc", &RecordHead::crc),
                      required("epoch", &RecordHead::epoch), defaulted("id", &RecordHead::id),
                      required("kind", &RecordHead::kind), defaulted("note", &RecordHead::note),
                      required("place", &RecordHead::place), required("size", &RecordHead::size));
  friend bool operator==(const RecordHead&, const RecordHead&) = default;
};

// From the active node's stream: all that stands in its journal after `from`, through `through`. Without
// records, and both the same, it is the beacon that shows a lost tail.
struct RecordBatch {
  std::uint64_t epoch = 0;  // in which the sender is active
  std::int64_t from = 0;
  std::string journal;
  std::vector<RecordHead> records;
  std::string stream;
  std::int64_t through = 0;

  static constexpr auto fields =
      fields_in_order(required("epoch", &RecordBatch::epoch), required("from", &RecordBatch::from),
                      required("journal", &RecordBatch::journal), required("records", &RecordBatch::records),
                      required("stream", &RecordBatch::stream), required("through", &RecordBatch::through));
  friend bool operator==(const RecordBatch&, const RecordBatch&) = default;
};

// The standby asks for what it missed: pages after `after`, and has room for `window` of them beyond that. A
// new number starts anew; the same one with a later `after` makes room for more.
struct ResyncQuery {
  std::int64_t after = 0;  // 0: everything
  std::string journal;
  std::uint64_t number = 0;
  std::uint32_t window = 0;

  static constexpr auto fields =
      fields_in_order(required("after", &ResyncQuery::after), required("journal", &ResyncQuery::journal),
                      required("number", &ResyncQuery::number), required("window", &ResyncQuery::window));
  friend bool operator==(const ResyncQuery&, const ResyncQuery&) = default;
};

struct ResyncPage {
  std::uint64_t epoch = 0;
  std::int64_t from = 0;
  bool gap = false;  // the journal does not reach back to `from`, or is another one: ask for everything
  std::string journal;
  std::int64_t newest = 0;  // of the journal, when the page was read
  std::uint64_t number = 0;
  std::vector<RecordHead> records;
  std::string stream;
  std::int64_t through = 0;

  static constexpr auto fields =
      fields_in_order(required("epoch", &ResyncPage::epoch), required("from", &ResyncPage::from),
                      required("gap", &ResyncPage::gap), required("journal", &ResyncPage::journal),
                      required("newest", &ResyncPage::newest), required("number", &ResyncPage::number),
                      required("records", &ResyncPage::records), required("stream", &ResyncPage::stream),
                      required("through", &ResyncPage::through));
  friend bool operator==(const ResyncPage&, const ResyncPage&) = default;
};

// The standby has everything of the journal `of` through `place`, on its disk.
struct ReplicaAck {
  std::string journal;  // its own
  std::int64_t level =
      0;  // of its own, when it needs nothing of that up to there but what it wrote itself; or 0
  std::string of;
  std::int64_t place = 0;

  static constexpr auto fields =
      fields_in_order(required("journal", &ReplicaAck::journal), required("level", &ReplicaAck::level),
                      required("of", &ReplicaAck::of), required("place", &ReplicaAck::place));
  friend bool operator==(const ReplicaAck&, const ReplicaAck&) = default;
};

// Messages that the standby holds, and endings that it knows of, which the active node may not.
struct TailOffer {
  std::uint64_t number = 0;
  std::vector<RecordHead> records;

  static constexpr auto fields =
      fields_in_order(required("number", &TailOffer::number), required("records", &TailOffer::records));
  friend bool operator==(const TailOffer&, const TailOffer&) = default;
};

// What is true of such a message at the active node; of an ending that it is known: live.
enum class MessageFate { kLive, kDelivered, kDiscarded, kDropped };
template <>
inline constexpr std::array kEnumNames<MessageFate> =
    std::to_array<std::string_view>({"live", "delivered", "discarded", "dropped"});

struct TailFates {
  std::vector<MessageFate> fates;  // of each record offered, in order
  std::uint64_t number = 0;

  static constexpr auto fields =
      fields_in_order(required("fates", &TailFates::fates), required("number", &TailFates::number));
  friend bool operator==(const TailFates&, const TailFates&) = default;
};

// Messages that a disk has damaged, asked of the peer.
struct RecordsQuery {
  std::vector<MessageId> ids;
  std::uint64_t number = 0;

  static constexpr auto fields =
      fields_in_order(required("ids", &RecordsQuery::ids), required("number", &RecordsQuery::number));
  friend bool operator==(const RecordsQuery&, const RecordsQuery&) = default;
};

struct RecordsFound {
  std::uint64_t number = 0;
  std::vector<RecordHead> records;

  static constexpr auto fields =
      fields_in_order(required("number", &RecordsFound::number), required("records", &RecordsFound::records));
  friend bool operator==(const RecordsFound&, const RecordsFound&) = default;
};

}  // namespace fieldline

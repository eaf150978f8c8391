// The envelope of every message: a fixed header that is read before anything is decoded, one
// MessagePack body, and for a few types an attachment of raw bytes. docs/protocol.md has the bytes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/event.hpp"
#include "common/model/lease.hpp"
#include "common/model/order.hpp"
#include "common/model/outbox.hpp"
#include "common/model/replication.hpp"
#include "common/model/session.hpp"
#include "common/model/status.hpp"
#include "common/wire/codec.hpp"
#include "common/wire/limits.hpp"

namespace fieldline::wire {

inline constexpr std::uint8_t kMajor = 1;
inline constexpr std::uint8_t kMinor = 0;
inline constexpr std::size_t kHeaderSize = 24;

// Numbers are never reused.
enum class Type : std::uint16_t {
  kHello = 1,
  kWelcome = 2,
  kReject = 3,
  kPing = 4,
  kPong = 5,
  kInventoryQuery = 6,
  kInventoryPage = 7,
  kArtifactsQuery = 8,
  kArtifactsPage = 9,
  kOrder = 16,
  kAccepted = 17,
  kReport = 18,
  kFetch = 19,
  kPiece = 20,
  kHealth = 32,
  kValuesQuery = 33,
  kValuesPage = 34,
  kAlarmsQuery = 35,
  kAlarmsPage = 36,
  kEventsQuery = 37,
  kEventsPage = 38,
  kVoteRequest = 48,
  kVoteGrant = 49,
  kVoteRefusal = 50,
  kLeaseRelease = 51,
  kRoleChange = 52,
  kPeerBeat = 53,
  kSwitchQuery = 54,
  kSwitchAnswer = 55,
  kRecords = 56,
  kResyncQuery = 57,
  kResyncPage = 58,
  kReplicaAck = 59,
  kTailOffer = 60,
  kTailFates = 61,
  kRecordsQuery = 62,
  kRecordsFound = 63,
  kOutboxQuery = 64,
  kOutboxPage = 65,
  kParkedQuery = 66,
  kParkedPage = 67,
  kMessageQuery = 68,
  kMessagePiece = 69,
  kParkedDecision = 70,
  kParkedDecided = 71,
  kMaintenanceQuery = 72,
};

// Who sends it to whom. A type may have several: the bits add up.
enum class Sender : std::uint8_t {
  kNode = 1,         // to the coordinator
  kCoordinator = 2,  // to a node
  kPeer = 4,         // a node to the other of its pair
};
constexpr Sender operator|(Sender left, Sender right) {
  return static_cast<Sender>(static_cast<std::uint8_t>(left) | static_cast<std::uint8_t>(right));
}
constexpr bool includes(Sender some, Sender one) {
  return (static_cast<std::uint8_t>(some) & static_cast<std::uint8_t>(one)) != 0;
}

// What is known of a type before its body is looked at; a type without a rule is refused.
struct Rule {
  Type type;
  Sender sender;
  std::string_view name;
  std::size_t max_body;
  std::size_t max_attachment;
};

// The rule of `type`, or null.
const Rule* rule(Type type);

struct Header {
  Type type{};
  std::uint8_t major = kMajor;
  std::uint8_t minor = kMinor;
  std::uint64_t correlation = 0;  // an answer bears the one of its question
  std::uint64_t term = 0;  // the coordinator's term as its sender knows it; between peers the sender's epoch

  friend bool operator==(const Header&, const Header&) = default;
};

// An opened message; the views point into the frames it was opened from.
struct Envelope {
  Header header;
  std::string_view body;
  std::string_view attachment;
};

using Frames = std::vector<std::string>;

struct Ping {
  static constexpr auto fields = fields_in_order();
  friend bool operator==(const Ping&, const Ping&) = default;
};
struct Pong {
  static constexpr auto fields = fields_in_order();
  friend bool operator==(const Pong&, const Pong&) = default;
};

template <class Body>
inline constexpr Type kTypeOf{};
template <>
inline constexpr Type kTypeOf<Hello> = Type::kHello;
template <>
inline constexpr Type kTypeOf<Welcome> = Type::kWelcome;
template <>
inline constexpr Type kTypeOf<Reject> = Type::kReject;
template <>
inline constexpr Type kTypeOf<Ping> = Type::kPing;
template <>
inline constexpr Type kTypeOf<Pong> = Type::kPong;
template <>
inline constexpr Type kTypeOf<InventoryQuery> = Type::kInventoryQuery;
template <>
inline constexpr Type kTypeOf<InventoryPage> = Type::kInventoryPage;
template <>
inline constexpr Type kTypeOf<ArtifactsQuery> = Type::kArtifactsQuery;
template <>
inline constexpr Type kTypeOf<ArtifactsPage> = Type::kArtifactsPage;
template <>
inline constexpr Type kTypeOf<Order> = Type::kOrder;
template <>
inline constexpr Type kTypeOf<Accepted> = Type::kAccepted;
template <>
inline constexpr Type kTypeOf<Report> = Type::kReport;
template <>
inline constexpr Type kTypeOf<Fetch> = Type::kFetch;
template <>
inline constexpr Type kTypeOf<Piece> = Type::kPiece;
template <>
inline constexpr Type kTypeOf<NodeHealth> = Type::kHealth;
template <>
inline constexpr Type kTypeOf<ValuesQuery> = Type::kValuesQuery;
template <>
inline constexpr Type kTypeOf<ValuesPage> = Type::kValuesPage;
template <>
inline constexpr Type kTypeOf<AlarmsQuery> = Type::kAlarmsQuery;
template <>
inline constexpr Type kTypeOf<AlarmsPage> = Type::kAlarmsPage;
template <>
inline constexpr Type kTypeOf<EventQuery> = Type::kEventsQuery;
template <>
inline constexpr Type kTypeOf<EventPage> = Type::kEventsPage;
template <>
inline constexpr Type kTypeOf<SwitchQuery> = Type::kSwitchQuery;
template <>
inline constexpr Type kTypeOf<SwitchAnswer> = Type::kSwitchAnswer;
template <>
inline constexpr Type kTypeOf<OutboxQuery> = Type::kOutboxQuery;
template <>
inline constexpr Type kTypeOf<OutboxPage> = Type::kOutboxPage;
template <>
inline constexpr Type kTypeOf<ParkedQuery> = Type::kParkedQuery;
template <>
inline constexpr Type kTypeOf<ParkedPage> = Type::kParkedPage;
template <>
inline constexpr Type kTypeOf<MessageQuery> = Type::kMessageQuery;
template <>
inline constexpr Type kTypeOf<MessagePiece> = Type::kMessagePiece;
template <>
inline constexpr Type kTypeOf<ParkedDecision> = Type::kParkedDecision;
template <>
inline constexpr Type kTypeOf<ParkedDecided> = Type::kParkedDecided;
template <>
inline constexpr Type kTypeOf<MaintenanceQuery> = Type::kMaintenanceQuery;
template <>
inline constexpr Type kTypeOf<VoteRequest> = Type::kVoteRequest;
template <>
inline constexpr Type kTypeOf<VoteGrant> = Type::kVoteGrant;
template <>
inline constexpr Type kTypeOf<VoteRefusal> = Type::kVoteRefusal;
template <>
inline constexpr Type kTypeOf<LeaseRelease> = Type::kLeaseRelease;
template <>
inline constexpr Type kTypeOf<RoleChange> = Type::kRoleChange;
template <>
inline constexpr Type kTypeOf<PeerBeat> = Type::kPeerBeat;
template <>
inline constexpr Type kTypeOf<RecordBatch> = Type::kRecords;
template <>
inline constexpr Type kTypeOf<ResyncQuery> = Type::kResyncQuery;
template <>
inline constexpr Type kTypeOf<ResyncPage> = Type::kResyncPage;
template <>
inline constexpr Type kTypeOf<ReplicaAck> = Type::kReplicaAck;
template <>
inline constexpr Type kTypeOf<TailOffer> = Type::kTailOffer;
template <>
inline constexpr Type kTypeOf<TailFates> = Type::kTailFates;
template <>
inline constexpr Type kTypeOf<RecordsQuery> = Type::kRecordsQuery;
template <>
inline constexpr Type kTypeOf<RecordsFound> = Type::kRecordsFound;

// The frames of a message.
Frames seal(const Header& header, std::string body, std::string attachment = {});

template <class Body>
Frames seal(const Body& body, std::uint64_t term, std::uint64_t correlation = 0,
            std::string attachment = {}) {
  static_assert(kTypeOf<Body> != Type{}, "this type is not a message");
  return seal(Header{kTypeOf<Body>, kMajor, kMinor, correlation, term}, encode(body), std::move(attachment));
}

// Opens what `sender` sent. An error with code kInvalid: malformed, drop and count it. With code
// kUnsupportedMedia: answer a REJECT whose code is `where` ("unsupported-version", "unknown-type").
Result<Envelope> open(const Frames& frames, Sender sender);

template <class Body>
Result<Body> body_of(const Envelope& envelope) {
  static_assert(kTypeOf<Body> != Type{}, "this type is not a message");
  return decode<Body>(envelope.body);
}

}  // namespace fieldline::wire

#include "common/wire/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/check.hpp"

namespace fieldline::wire {
namespace {

constexpr char kMagic[] = {'F', 'L'};
constexpr std::size_t kSmall = 4096;  // bodies of a fixed few fields with names in them
constexpr std::size_t kPage = 2 * kMaxChunk;

// Deny by default: what is not listed is refused, and so is a type from the wrong side.
constexpr std::array kRules = std::to_array<Rule>({
    {Type::kHello, Sender::kNode, "HELLO", kSmall, 0},
    {Type::kWelcome, Sender::kCoordinator, "WELCOME", kSmall, 0},
    {Type::kReject, Sender::kCoordinator, "REJECT", kSmall, 0},
    {Type::kPing, Sender::kNode, "PING", kSmall, 0},
    {Type::kPong, Sender::kCoordinator, "PONG", kSmall, 0},
    {Type::kInventoryQuery, Sender::kCoordinator, "INVENTORY_QUERY", kSmall, 0},
    {Type::kInventoryPage, Sender::kNode, "INVENTORY_PAGE", kPage, 0},
    {Type::kArtifactsQuery, Sender::kCoordinator, "ARTIFACTS_QUERY", kSmall, 0},
    {Type::kArtifactsPage, Sender::kNode, "ARTIFACTS_PAGE", kPage, 0},
    {Type::kOrder, Sender::kCoordinator, "ORDER", kSmall, kMaxInlineConfig},
    {Type::kAccepted, Sender::kNode, "ACCEPTED", kSmall, 0},
    {Type::kReport, Sender::kNode, "REPORT", kMaxBody, 0},
    {Type::kFetch, Sender::kNode, "FETCH", kSmall, 0},
    {Type::kPiece, Sender::kCoordinator, "PIECE", kSmall, kMaxChunk},
    {Type::kHealth, Sender::kNode, "HEALTH", kMaxBody, 0},
    {Type::kValuesQuery, Sender::kCoordinator, "VALUES_QUERY", kSmall, 0},
    {Type::kValuesPage, Sender::kNode, "VALUES_PAGE", kPage, 0},
    {Type::kAlarmsQuery, Sender::kCoordinator, "ALARMS_QUERY", kSmall, 0},
    {Type::kAlarmsPage, Sender::kNode, "ALARMS_PAGE", kPage, 0},
    {Type::kEventsQuery, Sender::kCoordinator, "EVENTS_QUERY", kSmall, 0},
    {Type::kEventsPage, Sender::kNode, "EVENTS_PAGE", kPage, 0},
    {Type::kVoteRequest, Sender::kNode | Sender::kPeer, "VOTE_REQUEST", kSmall, 0},
    {Type::kVoteGrant, Sender::kCoordinator | Sender::kPeer, "VOTE_GRANT", kSmall, 0},
    {Type::kVoteRefusal, Sender::kCoordinator | Sender::kPeer, "VOTE_REFUSAL", kSmall, 0},
    {Type::kLeaseRelease, Sender::kNode | Sender::kPeer, "LEASE_RELEASE", kSmall, 0},
    {Type::kRoleChange, Sender::kNode, "ROLE_CHANGE", kSmall, 0},
    {Type::kPeerBeat, Sender::kPeer, "PEER_BEAT", kSmall, 0},
    {Type::kSwitchQuery, Sender::kCoordinator, "SWITCH_QUERY", kSmall, 0},
    {Type::kSwitchAnswer, Sender::kNode, "SWITCH_ANSWER", kSmall, 0},
    {Type::kRecords, Sender::kPeer, "RECORDS", kMaxBody, kMaxRecords},
    {Type::kResyncQuery, Sender::kPeer, "RESYNC_QUERY", kSmall, 0},
    {Type::kResyncPage, Sender::kPeer, "RESYNC_PAGE", kMaxBody, kMaxRecords},
    {Type::kReplicaAck, Sender::kPeer, "REPLICA_ACK", kSmall, 0},
    {Type::kTailOffer, Sender::kPeer, "TAIL_OFFER", kMaxBody, kMaxRecords},
    {Type::kTailFates, Sender::kPeer, "TAIL_FATES", kPage, 0},
    {Type::kRecordsQuery, Sender::kPeer, "RECORDS_QUERY", kPage, 0},
    {Type::kRecordsFound, Sender::kPeer, "RECORDS_FOUND", kMaxBody, kMaxRecords},
    {Type::kOutboxQuery, Sender::kCoordinator, "OUTBOX_QUERY", kSmall, 0},
    {Type::kOutboxPage, Sender::kNode, "OUTBOX_PAGE", kPage, 0},
    {Type::kParkedQuery, Sender::kCoordinator, "PARKED_QUERY", kSmall, 0},
    {Type::kParkedPage, Sender::kNode, "PARKED_PAGE", kPage, 0},
    {Type::kMessageQuery, Sender::kCoordinator, "MESSAGE_QUERY", kSmall, 0},
    {Type::kMessagePiece, Sender::kNode, "MESSAGE_PIECE", kSmall, kMaxChunk},
    {Type::kParkedDecision, Sender::kCoordinator, "PARKED_DECISION", kSmall, 0},
    {Type::kParkedDecided, Sender::kNode, "PARKED_DECIDED", kSmall, 0},
    {Type::kMaintenanceQuery, Sender::kCoordinator, "MAINTENANCE_QUERY", kSmall, 0},
});

void put(std::string& bytes, std::uint64_t value, int size) {
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8)
    bytes += static_cast<char>((value >> shift) & 0xFF);
}

std::uint64_t get(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

Failure malformed(std::string why) {
  return fail(ErrorCode::kInvalid, std::move(why), "malformed");
}

Result<Header> read_header(std::string_view bytes) {
  if (bytes.size() != kHeaderSize) return malformed(fmt::format("a header of {} bytes", bytes.size()));
  if (bytes[0] != kMagic[0] || bytes[1] != kMagic[1]) return malformed("the header is not Fieldline's");
  Header header;
  header.major = static_cast<std::uint8_t>(bytes[2]);
  header.minor = static_cast<std::uint8_t>(bytes[3]);
  header.type = static_cast<Type>(get(bytes, 4, 2));
  header.correlation = get(bytes, 8, 8);
  header.term = get(bytes, 16, 8);
  return header;
}

}  // namespace

const Rule* rule(Type type) {
  const auto* found =
      std::find_if(kRules.begin(), kRules.end(), [type](const Rule& r) { return r.type == type; });
  return found == kRules.end() ? nullptr : found;
}

Frames seal(const Header& header, std::string body, std::string attachment) {
  const auto* known = rule(header.type);
  FIELDLINE_CHECK(known != nullptr);
  FIELDLINE_CHECK(body.size() <= known->max_body && attachment.size() <= known->max_attachment);
  std::string head(kMagic, sizeof kMagic);
  head.reserve(kHeaderSize);
  put(head, header.major, 1);
  put(head, header.minor, 1);
  put(head, static_cast<std::uint16_t>(header.type), 2);
  put(head, 0, 2);
  put(head, header.correlation, 8);
  put(head, header.term, 8);
  Frames frames;
  frames.reserve(kMaxFrames);
  frames.push_back(std::move(head));
  frames.push_back(std::move(body));
  if (!attachment.empty()) frames.push_back(std::move(attachment));
  return frames;
}

Result<Envelope> open(const Frames& frames, Sender sender) {
  if (frames.size() < 2 || frames.size() > kMaxFrames)
    return malformed(fmt::format("{} frames", frames.size()));
  const auto header = read_header(frames[0]);
  if (!header) return fail(header.error());
  if (header->major != kMajor) {
    return fail(
        ErrorCode::kUnsupportedMedia,
        fmt::format("protocol {}.{} is not spoken here ({}.x is)", header->major, header->minor, kMajor),
        "unsupported-version");
  }
  const auto* known = rule(header->type);
  if (known == nullptr || !includes(known->sender, sender)) {
    return fail(ErrorCode::kUnsupportedMedia,
                fmt::format("message type {} is not taken here", static_cast<unsigned>(header->type)),
                "unknown-type");
  }
  Envelope envelope{*header, frames[1], frames.size() > 2 ? std::string_view(frames[2]) : std::string_view()};
  if (envelope.body.size() > known->max_body || envelope.attachment.size() > known->max_attachment) {
    return malformed(fmt::format("a {} larger than its limit", known->name));
  }
  return envelope;
}

}  // namespace fieldline::wire

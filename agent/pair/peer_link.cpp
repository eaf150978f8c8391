#include "agent/pair/peer_link.hpp"

#include <spdlog/spdlog.h>

#include <bit>
#include <utility>
#include <variant>

#include "agent/pair/limits.hpp"
#include "common/wire/message.hpp"

namespace fieldline::pair {
namespace {

Result<PeerMessage> read(const wire::Envelope& envelope) {
  const auto body = [&]<class Body>(Body*) -> Result<PeerMessage> {
    auto read = wire::body_of<Body>(envelope);
    if (!read) return fail(read.error());
    return PeerMessage(*read);
  };
  switch (envelope.header.type) {
    case wire::Type::kVoteRequest:
      return body(static_cast<VoteRequest*>(nullptr));
    case wire::Type::kVoteGrant:
      return body(static_cast<VoteGrant*>(nullptr));
    case wire::Type::kVoteRefusal:
      return body(static_cast<VoteRefusal*>(nullptr));
    case wire::Type::kLeaseRelease:
      return body(static_cast<LeaseRelease*>(nullptr));
    case wire::Type::kPeerBeat:
      return body(static_cast<PeerBeat*>(nullptr));
    default:
      return fail(ErrorCode::kInvalid, "a type that peers do not handle", "peer");
  }
}

bool is_of_journals(wire::Type type) {
  return type >= wire::Type::kRecords && type <= wire::Type::kRecordsFound;
}

}  // namespace

PeerLink::PeerLink(Executor& loop, net::Dealer& dealer, net::Router& router, std::string peer_key,
                   Random random)
    : loop_(loop),
      dealer_(dealer),
      router_(router),
      peer_key_(std::move(peer_key)),
      random_(std::move(random)) {}

PeerLink::~PeerLink() {
  loop_.cancel(timer_);
  router_.on_message([](net::Router::Arrival&&) {});
  dealer_.on_link([](net::Link) {});
}

void PeerLink::start(std::function<void(const PeerMessage&)> heard,
                     std::function<void(std::string)> foreign) {
  heard_ = std::move(heard);
  foreign_ = std::move(foreign);
  router_.on_message([this](net::Router::Arrival&& arrival) { receive(arrival); });
  dealer_.on_message([this](net::Frames&&) { drop("a message on a line that only sends"); });
  dealer_.on_link([this](net::Link link) {
    if (link == net::Link::kReady) {
      attempt_ = 0;
    } else {
      dial_later();
    }
  });
  dial();
}

void PeerLink::dial() {
  timer_ = 0;
  if (const auto dialed = dealer_.reconnect(); !dialed) {
    spdlog::error("pair: {}", dialed.error().describe());
    dial_later();
  }
}

void PeerLink::dial_later() {
  loop_.cancel(timer_);
  timer_ = loop_.after(random_.backoff(kRedialBase, kRedialCap, attempt_++), [this] { dial(); });
}

void PeerLink::send(const PeerMessage& message, std::uint64_t epoch) {
  send(std::visit([epoch](const auto& body) { return wire::seal(body, epoch); }, message));
}

void PeerLink::send(net::Frames frames) {
  if (dealer_.send(std::move(frames)) == net::Sent::kFull) drop("the line to the peer is full");
}

void PeerLink::receive(const net::Router::Arrival& arrival) {
  if (arrival.key != peer_key_) return drop("a message of another key than the peer's");
  const auto envelope = wire::open(arrival.frames, wire::Sender::kPeer);
  if (!envelope) {
    drop(envelope.error().message);
    if (envelope.error().where == "unsupported-version") foreign_(envelope.error().message);
    return;
  }
  if (journals_ && is_of_journals(envelope->header.type)) return journals_(*envelope);
  const auto message = read(*envelope);
  if (!message) return drop(message.error().describe());
  heard_(*message);
}

void PeerLink::drop(std::string_view why) {
  ++dropped_;
  // The 1st, 2nd, 4th, 8th …: whoever sends rubbish does not fill the disk.
  if (std::has_single_bit(dropped_)) spdlog::warn("pair: message dropped ({} so far): {}", dropped_, why);
}

}  // namespace fieldline::pair

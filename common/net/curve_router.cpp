#include "common/net/curve_router.hpp"

#include <utility>

#include "common/base/check.hpp"
#include "common/net/socket.hpp"

namespace fieldline::net {
namespace {

constexpr std::size_t kKeyBytes = 40;

// A peer names its connection and its key, so that send() can ask about the key without a table
// that would grow with every reconnect.
Router::Peer make_peer(std::string_view routing_id, std::string_view key) {
  Router::Peer peer(routing_id);
  return peer.append(key);
}

}  // namespace

Result<std::unique_ptr<CurveRouter>> CurveRouter::bind(Loop& loop, Zap& zap, Admission& admission,
                                                       const KeyPair& keys, const Options& options) {
  auto door = Door::open(loop, zap, admission, keys, Door::Kind::kRouter, options);
  if (!door) return fail(std::move(door.error()));
  return std::unique_ptr<CurveRouter>(new CurveRouter(std::move(*door)));
}

CurveRouter::CurveRouter(std::unique_ptr<Door> door) : door_(std::move(door)) {
  door_->loop().watch(*this, door_->socket().descriptor());
}

CurveRouter::~CurveRouter() {
  door_->loop().unwatch(*this, door_->socket().descriptor());
}

Sent CurveRouter::send(const Peer& peer, Frames&& frames) {
  FIELDLINE_DCHECK(door_->loop().may_touch());
  FIELDLINE_CHECK(peer.size() > kKeyBytes);
  const auto split = peer.size() - kKeyBytes;
  if (!door_->admits(peer.substr(split))) return Sent::kGone;
  door_->loop().touch(*this);
  return door_->socket().send(std::string_view(peer).substr(0, split), std::move(frames));
}

bool CurveRouter::take_turn() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    // That nothing is left to receive has also run libzmq's commands, as reading ZMQ_EVENTS does:
    // one system call a batch instead of one a message, and the next edge is sure to come.
    auto message = door_->socket().receive();
    if (!message) return false;
    if (!message->refusal.empty()) {
      refuse(message->key, message->refusal);
    } else if (!door_->admits(message->key)) {
      refuse(message->key, "key not admitted");
    } else if (on_message_) {
      auto peer = make_peer(message->routing_id, message->key);
      on_message_({std::move(peer), std::move(message->key), std::move(message->frames)});
    }
  }
  return true;
}

void CurveRouter::refuse(const std::string& key, std::string_view reason) {
  ++refused_;
  if (on_refused_) on_refused_(key, reason);
}

}  // namespace fieldline::net

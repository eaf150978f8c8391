#include "common/net/curve_router.hpp"

#include <utility>
#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/net/door.hpp"
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
  auto socket = Socket::open(
      loop.context(), zmq::socket_type::router,
      {.send_high_water = options.send_high_water, .receive_high_water = options.receive_high_water});
  if (!socket) return fail(std::move(socket.error()));
  (*socket)->serve_curve(keys, options.domain);
  zap.guard(options.domain, admission);
  if (auto bound = (*socket)->bind(options.endpoint); !bound) {
    zap.release(options.domain);
    return fail(std::move(bound.error()));
  }
  return std::unique_ptr<CurveRouter>(
      new CurveRouter(loop, zap, admission, keys.public_key(), options.domain, std::move(*socket)));
}

CurveRouter::CurveRouter(Loop& loop, Zap& zap, Admission& admission, std::string public_key,
                         std::string domain, std::unique_ptr<Socket> socket)
    : loop_(loop),
      zap_(zap),
      admission_(admission),
      public_key_(std::move(public_key)),
      domain_(std::move(domain)),
      socket_(std::move(socket)),
      endpoint_(socket_->endpoint()) {
  loop_.watch(*this, socket_->descriptor());
}

CurveRouter::~CurveRouter() {
  loop_.unwatch(*this, socket_->descriptor());
  zap_.release(domain_);
}

Result<> CurveRouter::prove_refusal() {
  return net::prove_refusal(loop_, zap_, admission_, {endpoint_, public_key_, CurveDial::Kind::kDealer});
}

Sent CurveRouter::send(const Peer& peer, Frames&& frames) {
  FIELDLINE_DCHECK(loop_.may_touch());
  FIELDLINE_CHECK(peer.size() > kKeyBytes);
  const auto split = peer.size() - kKeyBytes;
  if (!admission_.admits(peer.substr(split))) return Sent::kGone;
  loop_.touch(*this);
  return socket_->send(std::string_view(peer).substr(0, split), std::move(frames));
}

bool CurveRouter::take_turn() {
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    // That nothing is left to receive has also run libzmq's commands, as reading ZMQ_EVENTS does:
    // one system call a batch instead of one a message, and the next edge is sure to come.
    auto message = socket_->receive();
    if (!message) return false;
    if (!message->refusal.empty()) {
      refuse(message->key, message->refusal);
    } else if (!admission_.admits(message->key)) {
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

#include "common/net/socket.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "common/base/check.hpp"

namespace fieldline::net {
namespace {

// ZMQ_ZAP_ENFORCE_DOMAIN: works in 4.3.4, but its macro is guarded as a draft.
constexpr int kZapEnforceDomain = 93;
// libzmq then gives a connection up instead of dialling again behind its owner's back.
constexpr int kNoReconnect = -1;

template <class T>
int as_int(T value) {
  return static_cast<int>(value.count());
}

void set_transport(zmq::socket_t& socket, const Socket::Limits& limits) {
  using namespace zmq::sockopt;
  socket.set(linger, 0);
  socket.set(sndtimeo, 0);
  socket.set(sndhwm, limits.send_high_water);
  socket.set(rcvhwm, limits.receive_high_water);
  socket.set(maxmsgsize, kMaxWireFrameBytes);
  socket.set(heartbeat_ivl, 0);
  socket.set(handshake_ivl, as_int(kHandshakeTimeout));
  socket.set(connect_timeout, as_int(kConnectTimeout));
  socket.set(reconnect_ivl, kNoReconnect);
  socket.set(backlog, kBacklog);
  socket.set(tcp_keepalive, 1);
  socket.set(tcp_keepalive_idle, as_int(kKeepaliveIdle));
  socket.set(tcp_keepalive_intvl, as_int(kKeepaliveInterval));
  socket.set(tcp_keepalive_cnt, kKeepaliveCount);
}

// A large frame is given away instead of copied; libzmq's I/O thread frees it.
zmq::message_t as_part(std::string&& frame) {
  if (frame.size() < kAdoptBytes) return zmq::message_t(frame.data(), frame.size());
  auto* owned = new std::string(std::move(frame));
  return zmq::message_t(
      owned->data(), owned->size(), [](void*, void* hint) { delete static_cast<std::string*>(hint); }, owned);
}

ErrorCode code_of(int error) {
  switch (error) {
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENOCOMPATPROTO:
    case ENODEV:
      return ErrorCode::kInvalid;
    case EADDRINUSE:
      return ErrorCode::kConflict;
    case EMFILE:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kIo;
  }
}

template <class Call>
Result<> at_endpoint(std::string_view verb, const std::string& endpoint, Call call) {
  try {
    call();
    return {};
  } catch (const zmq::error_t& error) {
    return fail(
        code_of(error.num()),
        fmt::format("can't {} {}: {}; an endpoint looks like tcp://host:7100", verb, endpoint, error.what()),
        endpoint);
  }
}

}  // namespace

Result<std::unique_ptr<Socket>> Socket::open(zmq::context_t& context, zmq::socket_type type,
                                             const Limits& limits) {
  try {
    zmq::socket_t socket(context, type);
    set_transport(socket, limits);
    if (type == zmq::socket_type::router) {
      socket.set(zmq::sockopt::router_mandatory, 1);
      socket.set(zmq::sockopt::router_handover, 0);
    }
    return std::unique_ptr<Socket>(new Socket(std::move(socket), type, limits.frames));
  } catch (const zmq::error_t& error) {
    return fail(code_of(error.num()),
                fmt::format("can't open a socket: {}; raise LimitNOFILE or close connections", error.what()));
  }
}

void Socket::serve_curve(const KeyPair& keys, const std::string& domain) {
  FIELDLINE_CHECK(!domain.empty());
  const int enforce = 1;
  socket_.set(zmq::sockopt::curve_server, 1);
  socket_.set(zmq::sockopt::curve_secretkey, keys.secret_key());
  socket_.set(zmq::sockopt::zap_domain, domain);
  FIELDLINE_CHECK(zmq_setsockopt(socket_.handle(), kZapEnforceDomain, &enforce, sizeof enforce) == 0);
}

void Socket::use_curve(const KeyPair& keys, const std::string& server_key) {
  FIELDLINE_CHECK(is_key(server_key));
  socket_.set(zmq::sockopt::curve_serverkey, server_key);
  socket_.set(zmq::sockopt::curve_publickey, keys.public_key());
  socket_.set(zmq::sockopt::curve_secretkey, keys.secret_key());
}

void Socket::subscribe_to_all() {
  socket_.set(zmq::sockopt::subscribe, "");
}

void Socket::run_commands() {
  static_cast<void>(socket_.get(zmq::sockopt::events));
}

Result<> Socket::bind(const std::string& endpoint) {
  return at_endpoint("listen at", endpoint, [&] { socket_.bind(endpoint); });
}

Result<> Socket::connect(const std::string& endpoint) {
  return at_endpoint("dial", endpoint, [&] { socket_.connect(endpoint); });
}

std::string Socket::endpoint() const {
  return socket_.get(zmq::sockopt::last_endpoint);
}

int Socket::descriptor() const {
  return socket_.get(zmq::sockopt::fd);
}

bool Socket::take(zmq::message_t& part) {
  while (zmq_msg_recv(part.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
    if (errno == EAGAIN) return false;
    FIELDLINE_CHECK(errno == EINTR);
  }
  return true;
}

std::optional<Socket::Inbound> Socket::receive() {
  zmq::message_t part;
  if (!take(part)) return std::nullopt;
  Inbound message;
  if (type_ == zmq::socket_type::router) {
    message.routing_id = part.to_string();
    // libzmq hands a message over whole or not at all: its other frames are there.
    FIELDLINE_CHECK(part.more() && take(part));
  }
  // Of a body frame: polling may have taken the property off the identity frame.
  if (const char* user = zmq_msg_gets(part.handle(), "User-Id")) message.key = user;
  std::size_t bytes = 0;
  for (std::size_t frames = 1;; ++frames) {
    bytes += part.size();
    if (message.refusal.empty()) message.refusal = over_limit(frames, bytes, max_frames_);
    if (message.refusal.empty()) message.frames.push_back(part.to_string());
    if (!part.more()) break;
    FIELDLINE_CHECK(take(part));
  }
  if (!message.refusal.empty()) message.frames.clear();
  return message;
}

Sent Socket::send(std::string_view routing_id, Frames&& frames) {
  FIELDLINE_CHECK(!frames.empty());
  // Whether libzmq takes the first part decides for all: so it is copied, and the others move only
  // once the message has a place.
  const bool router = type_ == zmq::socket_type::router;
  const auto first = router ? routing_id : std::string_view(frames.front());
  std::size_t next = router ? 0 : 1;
  const auto more = [&] { return next < frames.size() ? ZMQ_SNDMORE : 0; };
  while (zmq_send(socket_.handle(), first.data(), first.size(), ZMQ_DONTWAIT | more()) < 0) {
    if (errno == EAGAIN) return Sent::kFull;
    if (errno == EHOSTUNREACH) return Sent::kGone;
    FIELDLINE_CHECK(errno == EINTR);
  }
  while (next < frames.size()) {
    auto part = as_part(std::move(frames[next++]));
    while (zmq_msg_send(part.handle(), socket_.handle(), ZMQ_DONTWAIT | more()) < 0) {
      // The connection broke between two parts; libzmq takes the first ones back.
      if (errno != EINTR) return Sent::kGone;
    }
  }
  return Sent::kYes;
}

}  // namespace fieldline::net

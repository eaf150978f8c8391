#include "common/net/monitor.hpp"

#include <atomic>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <zmq.hpp>

#include "common/net/socket.hpp"

namespace fieldline::net {
namespace {

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED;

Link meaning(std::uint16_t event) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return Link::kReady;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return Link::kRefused;
    case ZMQ_EVENT_CLOSED:
      return Link::kUnreachable;
    default:
      return Link::kLost;
  }
}

std::string unique_address() {
  static std::atomic<std::uint64_t> count = 0;
  return "inproc://monitor-" + std::to_string(++count);
}

}  // namespace

Result<std::unique_ptr<Monitor>> Monitor::attach(Loop& loop, Socket& socket, Observer& observer) {
  auto news = Socket::open(loop.context(), zmq::socket_type::pair, {});
  if (!news) return fail(std::move(news.error()));
  const auto address = unique_address();
  if (zmq_socket_monitor(socket.handle().handle(), address.c_str(), kEvents) != 0) {
    return fail(ErrorCode::kExhausted, "can't watch a connection: no socket is left; raise LimitNOFILE");
  }
  std::unique_ptr<Monitor> monitor(new Monitor(loop, socket, std::move(*news), observer));
  if (auto connected = monitor->news_->connect(address); !connected)
    return fail(std::move(connected.error()));
  return monitor;
}

Monitor::Monitor(Loop& loop, Socket& watched, std::unique_ptr<Socket> news, Observer& observer)
    : loop_(loop), watched_(watched), news_(std::move(news)), observer_(observer) {
  loop_.watch(*this, news_->descriptor());
}

Monitor::~Monitor() {
  loop_.unwatch(*this, news_->descriptor());
  // First the writer: libzmq's I/O thread would block on a pair without a reader.
  zmq_socket_monitor(watched_.handle().handle(), nullptr, 0);
}

bool Monitor::take_turn() {
  const auto message = news_->receive();
  if (!message) return false;
  std::uint16_t event = 0;
  std::memcpy(&event, message->frames.front().data(), sizeof event);
  observer_.link_changed(meaning(event));
  return true;
}

}  // namespace fieldline::net

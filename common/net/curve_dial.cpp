#include "common/net/curve_dial.hpp"

#include <utility>
#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/net/socket.hpp"

namespace fieldline::net {

CurveDial::CurveDial(Loop& loop, Kind kind, KeyPair keys, Options options)
    : loop_(loop), kind_(kind), keys_(std::move(keys)), options_(std::move(options)) {}

CurveDial::~CurveDial() {
  close();
}

Sent CurveDial::send(Frames&& frames) {
  FIELDLINE_DCHECK(loop_.may_touch());
  if (!socket_ || over_) return Sent::kGone;
  loop_.touch(*this);
  return socket_->send({}, std::move(frames));
}

Result<> CurveDial::reconnect() {
  FIELDLINE_DCHECK(loop_.may_touch());
  close();
  if (!is_key(options_.server_key)) {
    return fail(ErrorCode::kInvalid, "the public key of who listens there must be 40 characters of Z85",
                options_.endpoint);
  }
  auto socket = Socket::open(
      loop_.context(), kind_ == Kind::kDealer ? zmq::socket_type::dealer : zmq::socket_type::sub,
      {.send_high_water = options_.send_high_water, .receive_high_water = options_.receive_high_water});
  if (!socket) return fail(std::move(socket.error()));
  (*socket)->use_curve(keys_, options_.server_key);
  if (auto observed = observe(**socket); !observed) return observed;
  if (kind_ == Kind::kSubscriber) (*socket)->subscribe_to_all();
  if (auto dialled = (*socket)->connect(options_.endpoint); !dialled) {
    monitor_.reset();
    return dialled;
  }
  socket_ = std::move(*socket);
  over_ = false;
  loop_.watch(*this, socket_->descriptor());
  if (on_link_) {
    dialling_ = loop_.after(options_.dial_timeout, [this] {
      close();
      on_link_(Link::kUnreachable);
    });
  }
  return {};
}

Result<> CurveDial::observe(Socket& socket) {
  if (!on_link_) return {};
  auto monitor = Monitor::attach(loop_, socket, *this);
  if (!monitor) return fail(std::move(monitor.error()));
  monitor_ = std::move(*monitor);
  return {};
}

void CurveDial::close() {
  loop_.cancel(std::exchange(dialling_, 0));
  if (!socket_) return;
  loop_.unwatch(*this, socket_->descriptor());
  monitor_.reset();
  socket_.reset();
}

bool CurveDial::take_turn() {
  for (int i = 0; i < kMessagesPerTurn && socket_; ++i) {
    auto message = socket_->receive();
    if (!message) return false;
    if (!message->refusal.empty()) {
      ++refused_;
    } else if (on_message_) {
      on_message_(std::move(message->frames));
    }
  }
  return true;
}

void CurveDial::link_changed(Link link) {
  if (over_) return;
  loop_.cancel(std::exchange(dialling_, 0));
  over_ = link != Link::kReady;
  if (on_link_) on_link_(link);
}

}  // namespace fieldline::net

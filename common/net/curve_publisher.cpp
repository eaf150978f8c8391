#include "common/net/curve_publisher.hpp"

#include <utility>
#include <zmq.hpp>

#include "common/base/check.hpp"
#include "common/net/door.hpp"
#include "common/net/socket.hpp"

namespace fieldline::net {

Result<std::unique_ptr<CurvePublisher>> CurvePublisher::bind(Loop& loop, Zap& zap, Admission& admission,
                                                             const KeyPair& keys, const Options& options) {
  auto socket = Socket::open(loop.context(), zmq::socket_type::pub,
                             {.send_high_water = options.send_high_water, .frames = kMaxFrames});
  if (!socket) return fail(std::move(socket.error()));
  (*socket)->serve_curve(keys, options.domain);
  zap.guard(options.domain, admission);
  if (auto bound = (*socket)->bind(options.endpoint); !bound) {
    zap.release(options.domain);
    return fail(std::move(bound.error()));
  }
  return std::unique_ptr<CurvePublisher>(
      new CurvePublisher(loop, zap, admission, keys.public_key(), options.domain, std::move(*socket)));
}

CurvePublisher::CurvePublisher(Loop& loop, Zap& zap, Admission& admission, std::string public_key,
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

CurvePublisher::~CurvePublisher() {
  loop_.unwatch(*this, socket_->descriptor());
  zap_.release(domain_);
}

Result<> CurvePublisher::prove_refusal() {
  return net::prove_refusal(loop_, zap_, admission_, {endpoint_, public_key_, CurveDial::Kind::kSubscriber});
}

void CurvePublisher::publish(Frames&& frames) {
  FIELDLINE_DCHECK(loop_.may_touch());
  loop_.touch(*this);
  // A PUB drops by itself for whoever is full.
  FIELDLINE_CHECK(socket_->send({}, std::move(frames)) == Sent::kYes);
}

// Subscriptions come in, though nothing is received from them.
bool CurvePublisher::take_turn() {
  socket_->run_commands();
  return false;
}

}  // namespace fieldline::net

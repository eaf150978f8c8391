#include "common/net/curve_publisher.hpp"

#include <utility>

#include "common/base/check.hpp"
#include "common/net/socket.hpp"

namespace fieldline::net {

Result<std::unique_ptr<CurvePublisher>> CurvePublisher::bind(Loop& loop, Zap& zap, Admission& admission,
                                                             const KeyPair& keys, const Options& options) {
  auto door = Door::open(loop, zap, admission, keys, Door::Kind::kPublisher, options);
  if (!door) return fail(std::move(door.error()));
  return std::unique_ptr<CurvePublisher>(new CurvePublisher(std::move(*door)));
}

CurvePublisher::CurvePublisher(std::unique_ptr<Door> door) : door_(std::move(door)) {
  door_->loop().watch(*this, door_->socket().descriptor());
}

CurvePublisher::~CurvePublisher() {
  door_->loop().unwatch(*this, door_->socket().descriptor());
}

void CurvePublisher::publish(Frames&& frames) {
  FIELDLINE_DCHECK(door_->loop().may_touch());
  door_->loop().touch(*this);
  // A PUB drops by itself for whoever is full.
  FIELDLINE_CHECK(door_->socket().send({}, std::move(frames)) == Sent::kYes);
}

// Subscriptions come in, though nothing is received from them.
bool CurvePublisher::take_turn() {
  door_->socket().run_commands();
  return false;
}

}  // namespace fieldline::net

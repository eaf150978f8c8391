#include "agent/replica/stream_link.hpp"

#include <spdlog/spdlog.h>

#include <bit>
#include <utility>

#include "agent/replica/limits.hpp"

namespace fieldline::replica {

StreamLink::StreamLink(Executor& loop, net::Subscriber& subscriber, Random random)
    : loop_(loop), subscriber_(subscriber), random_(std::move(random)) {}

StreamLink::~StreamLink() {
  loop_.cancel(timer_);
  subscriber_.on_message([](net::Frames&&) {});
  subscriber_.on_link([](net::Link) {});
}

void StreamLink::start(std::function<void(const wire::Envelope&)> heard) {
  heard_ = std::move(heard);
  subscriber_.on_message([this](net::Frames&& frames) { receive(frames); });
  subscriber_.on_link([this](net::Link link) {
    if (link == net::Link::kReady) {
      attempt_ = 0;
    } else {
      dial_later();
    }
  });
  dial();
}

void StreamLink::dial() {
  timer_ = 0;
  heard_at_ = loop_.clock().now();
  if (const auto dialed = subscriber_.reconnect(); !dialed) {
    spdlog::error("replication: {}", dialed.error().describe());
    dial_later();
  }
}

void StreamLink::dial_later() {
  loop_.cancel(timer_);
  timer_ = loop_.after(random_.backoff(kRedialBase, kRedialCap, attempt_++), [this] { dial(); });
}

void StreamLink::redial() {
  if (timer_ == 0) dial();
}

void StreamLink::receive(const net::Frames& frames) {
  const auto envelope = wire::open(frames, wire::Sender::kPeer);
  if (!envelope) return drop(envelope.error().message);
  if (envelope->header.type != wire::Type::kRecords) return drop("a type that no stream has");
  heard_at_ = loop_.clock().now();
  heard_(*envelope);
}

void StreamLink::drop(std::string_view why) {
  ++dropped_;
  // The 1st, 2nd, 4th, 8th …: whoever sends rubbish does not fill the disk.
  if (std::has_single_bit(dropped_))
    spdlog::warn("replication: message dropped ({} so far): {}", dropped_, why);
}

}  // namespace fieldline::replica

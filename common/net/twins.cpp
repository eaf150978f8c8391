#include "common/net/twins.hpp"

#include <charconv>
#include <numeric>
#include <utility>

#include "common/net/limits.hpp"

namespace fieldline::net {
namespace {

std::string_view over_limit(const Frames& frames) {
  const auto add = [](std::size_t sum, const std::string& frame) { return sum + frame.size(); };
  return net::over_limit(frames.size(), std::accumulate(frames.begin(), frames.end(), std::size_t{0}, add));
}

TwinSession::Id session_of(const Router::Peer& peer) {
  TwinSession::Id id = 0;
  std::from_chars(peer.data(), peer.data() + peer.size(), id);
  return id;
}

}  // namespace

TwinRouter::TwinRouter(LossyNetwork& network, Executor& executor, Place place, Admission& admission)
    : network_(network), executor_(executor), place_(std::move(place)), admission_(admission) {
  network_.open(*this);
}

TwinRouter::~TwinRouter() {
  network_.close(*this);
}

Sent TwinRouter::send(const Peer& peer, Frames&& frames) {
  return network_.send_down(*this, session_of(peer), std::move(frames));
}

void TwinRouter::arrived(const TwinSession& session, Frames&& frames) {
  auto reason = over_limit(frames);
  if (reason.empty() && !admission_.admits(session.key)) reason = "key not admitted";
  if (!reason.empty()) {
    ++refused_;
    if (on_refused_) on_refused_(std::string(session.key), reason);
  } else if (on_message_) {
    on_message_({std::to_string(session.id), session.key, std::move(frames)});
  }
}

TwinDealer::TwinDealer(LossyNetwork& network, Executor& executor, Address address)
    : network_(network), executor_(executor), address_(std::move(address)) {}

TwinDealer::~TwinDealer() {
  hang_up();
}

void TwinDealer::hang_up() {
  executor_.cancel(std::exchange(dialling_, 0));
  network_.hang_up(std::exchange(session_, 0));
}

Sent TwinDealer::send(Frames&& frames) {
  return network_.send_up(session_, std::move(frames));
}

Result<> TwinDealer::reconnect() {
  hang_up();
  session_ = network_.dial(*this);
  dialling_ = executor_.after(kDialTimeout, [this] {
    hang_up();
    if (on_link_) on_link_(Link::kUnreachable);
  });
  return {};
}

void TwinDealer::arrived(Frames&& frames) {
  if (!over_limit(frames).empty()) {
    ++refused_;
  } else if (on_message_) {
    on_message_(std::move(frames));
  }
}

void TwinDealer::link_changed(Link news) {
  executor_.cancel(std::exchange(dialling_, 0));
  if (news != Link::kReady) session_ = 0;
  if (on_link_) on_link_(news);
}

}  // namespace fieldline::net

#include "common/net/lossy_network.hpp"

#include <algorithm>
#include <vector>

#include "common/base/check.hpp"
#include "common/net/limits.hpp"
#include "common/net/twins.hpp"

namespace fieldline::net {

using Kind = TwinPacket::Kind;

LossyNetwork::~LossyNetwork() {
  FIELDLINE_CHECK(routers_.empty());
  for (const auto& [id, session] : sessions_) FIELDLINE_CHECK(session.dealer == nullptr);
}

std::unique_ptr<Router> LossyNetwork::router(Executor& executor, const std::string& host,
                                             const std::string& public_key, Admission& admission) {
  return std::make_unique<TwinRouter>(*this, executor, TwinRouter::Place{host, public_key}, admission);
}

std::unique_ptr<Dealer> LossyNetwork::dealer(Executor& executor, const std::string& host,
                                             const std::string& public_key, const std::string& to,
                                             const std::string& server_key) {
  return std::make_unique<TwinDealer>(*this, executor, TwinDealer::Address{host, public_key, to, server_key});
}

std::unique_ptr<Publisher> LossyNetwork::publisher(Executor& executor, const std::string& host,
                                                   const std::string& public_key, Admission& admission) {
  return std::make_unique<TwinPublisher>(*this, executor,
                                         TwinRouter::Place{host, public_key, TwinPort::kStream}, admission);
}

std::unique_ptr<Subscriber> LossyNetwork::subscriber(Executor& executor, const std::string& host,
                                                     const std::string& public_key, const std::string& to,
                                                     const std::string& server_key) {
  return std::make_unique<TwinSubscriber>(
      *this, executor, TwinDealer::Address{host, public_key, to, server_key, TwinPort::kStream});
}

void LossyNetwork::open(TwinRouter& router) {
  FIELDLINE_CHECK(routers_.emplace(std::pair(router.host(), router.port()), &router).second);
}

void LossyNetwork::set_weather(const std::string& from, const std::string& to, const Weather& weather) {
  weathers_[{from, to}] = weather;
}

void LossyNetwork::heal(const std::string& from, const std::string& to) {
  cuts_.erase({from, to});
  pump_all();
}

void LossyNetwork::resume(const std::string& host) {
  stalled_.erase(host);
  pump_all();
}

LossyNetwork::Id LossyNetwork::dial(TwinDealer& dealer) {
  const auto& address = dealer.address();
  const auto found = routers_.find({address.to, address.port});
  auto& session = sessions_[++last_session_];
  session.id = last_session_;
  session.key = address.public_key;
  session.dealer = &dealer;
  session.up = {address.host, address.to, {}, false};
  session.down = {address.to, address.host, {}, false};
  if (found == routers_.end()) {
    end(session, Link::kUnreachable);
  } else {
    session.router = found->second;
    put(session, Way::kUp, {.kind = Kind::kHandshake});
  }
  return session.id;
}

void LossyNetwork::hang_up(Id id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  auto& session = found->second;
  session.dealer = nullptr;
  session.down.packets.clear();
  if (session.established) {
    put(session, Way::kUp, {.kind = Kind::kBye});
  } else {
    sessions_.erase(found);
  }
}

void LossyNetwork::close(TwinRouter& router) {
  routers_.erase({router.host(), router.port()});
  std::vector<Id> theirs;
  for (const auto& [id, session] : sessions_) {
    if (session.router == &router) theirs.push_back(id);
  }
  for (const auto id : theirs) {
    auto& session = sessions_.at(id);
    end(session, session.established ? Link::kLost : Link::kUnreachable);
  }
}

// The router's end is gone, and the dealer, if it is still there, will hear of it.
void LossyNetwork::end(TwinSession& session, Link news) {
  if (session.dealer == nullptr) {
    sessions_.erase(session.id);
    return;
  }
  session.router = nullptr;
  session.established = false;
  session.up.packets.clear();
  put(session, Way::kDown, {.kind = Kind::kNews, .news = news});
}

Sent LossyNetwork::send_up(Id id, Frames&& frames) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return Sent::kGone;
  return send(found->second, Way::kUp, std::move(frames));
}

Sent LossyNetwork::send_down(const TwinRouter& router, Id id, Frames&& frames) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.router != &router || !found->second.established ||
      !router.admission().admits(found->second.key)) {
    return Sent::kGone;
  }
  return send(found->second, Way::kDown, std::move(frames));
}

void LossyNetwork::send_to_all(const TwinRouter& router, const Frames& frames) {
  for (auto& [id, session] : sessions_) {
    if (session.router != &router || !session.established) continue;
    // Full: it misses this one.
    static_cast<void>(send(session, Way::kDown, Frames(frames)));
  }
}

Sent LossyNetwork::send(TwinSession& session, Way way, Frames&& frames) {
  auto& flow = session.flow(way);
  if (flow.packets.size() >= kTwinWindow) return Sent::kFull;
  const auto& now = weather(flow);
  auto taken = std::move(frames);
  if (chance(now.loss)) return Sent::kYes;
  if (chance(now.damage)) spoil(taken);
  if (chance(now.duplication)) put(session, way, {.frames = taken});
  put(session, way, {.frames = std::move(taken)});
  auto& packets = flow.packets;
  if (packets.size() < 2 || !chance(now.reordering)) return Sent::kYes;
  auto& last = packets.back();
  auto& before = packets[packets.size() - 2];
  if (before.kind == Kind::kMessage) std::swap(last.frames, before.frames);
  return Sent::kYes;
}

void LossyNetwork::spoil(Frames& frames) {
  auto& frame = frames[random_.below(frames.size())];
  if (frame.empty()) return;
  auto& byte = frame[random_.below(frame.size())];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << random_.below(8)));
}

void LossyNetwork::put(TwinSession& session, Way way, TwinPacket packet) {
  const auto* receiver = session.receiver(way);
  if (receiver == nullptr) return;  // the sender has not heard yet that nobody is there
  auto& flow = session.flow(way);
  const auto& now = weather(flow);
  const auto spread = static_cast<std::uint64_t>((now.latency_max - now.latency_min).count());
  packet.due = receiver->clock().now() + now.latency_min + Duration(random_.below(spread + 1));
  if (!flow.packets.empty()) packet.due = std::max(packet.due, flow.packets.back().due);
  flow.packets.push_back(std::move(packet));
  arm(session, way);
}

const LossyNetwork::Weather& LossyNetwork::weather(const TwinFlow& flow) const {
  const auto found = weathers_.find({flow.from, flow.to});
  return found == weathers_.end() ? weather_ : found->second;
}

bool LossyNetwork::blocked(const TwinFlow& flow) const {
  return cuts_.contains({flow.from, flow.to}) || stalled_.contains(flow.to);
}

void LossyNetwork::arm(TwinSession& session, Way way) {
  auto& flow = session.flow(way);
  if (flow.armed || flow.packets.empty() || blocked(flow)) return;
  flow.armed = true;
  auto* receiver = session.receiver(way);
  const auto wait = flow.packets.front().due - receiver->clock().now();
  receiver->after(wait, [this, id = session.id, way] { pump(id, way); });
}

void LossyNetwork::pump_all() {
  for (auto& [id, session] : sessions_) {
    arm(session, Way::kUp);
    arm(session, Way::kDown);
  }
}

// Delivers the first packet; whatever a handler does to the session, the rest is looked up again.
void LossyNetwork::pump(Id id, Way way) {
  auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  auto& flow = found->second.flow(way);
  flow.armed = false;
  if (flow.packets.empty() || blocked(flow)) return;
  auto packet = std::move(flow.packets.front());
  flow.packets.pop_front();
  arm(found->second, way);
  deliver(found->second, way, std::move(packet));
}

void LossyNetwork::deliver(TwinSession& session, Way way, TwinPacket packet) {
  switch (packet.kind) {
    case Kind::kHandshake:
      return shake_hands(session);
    case Kind::kMessage:
      return take(session, way, std::move(packet.frames));
    case Kind::kBye:
      sessions_.erase(session.id);
      return;
    case Kind::kNews: {
      auto& dealer = *session.dealer;
      if (packet.news != Link::kReady) sessions_.erase(session.id);
      return dealer.link_changed(packet.news);
    }
  }
}

void LossyNetwork::shake_hands(TwinSession& session) {
  auto& router = *session.router;
  // With another key than the dealer expects the router can't even read its greeting.
  if (router.public_key() != session.dealer->address().server_key) return end(session, Link::kLost);
  auto& admission = router.admission();
  if (!admission.admits(session.key)) {
    end(session, Link::kRefused);
    admission.knock(session.key, session.dealer->address().host);
    return;
  }
  session.established = true;
  put(session, Way::kDown, {.kind = Kind::kNews, .news = Link::kReady});
}

void LossyNetwork::take(TwinSession& session, Way way, Frames&& frames) {
  const bool too_long = std::any_of(frames.begin(), frames.end(),
                                    [](const std::string& frame) { return frame.size() > kMaxFrameBytes; });
  // libzmq ends the connection over such a frame, whoever sent it.
  if (too_long) return end(session, Link::kLost);
  if (way == Way::kUp) {
    session.router->arrived(session, std::move(frames));
  } else {
    session.dealer->arrived(std::move(frames));
  }
}

}  // namespace fieldline::net

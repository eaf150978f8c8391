#include "tests/bench/outbox/pair_side.hpp"

#include <chrono>
#include <utility>

#include "agent/settings.hpp"
#include "common/base/check.hpp"
#include "common/base/random.hpp"

namespace fieldline::bench {
namespace {

template <class T>
T opened(Result<T> result) {
  FIELDLINE_CHECK(result.has_value());
  return std::move(*result);
}

}  // namespace

PairSide::PairSide(net::Loop& loop, journal::Journal& journal, const net::KeyPair& keys, std::string peer_key)
    : loop_(loop),
      journal_(journal),
      keys_(keys),
      peer_key_(std::move(peer_key)),
      zap_(loop),
      admission_(loop.clock()),
      router_(opened(net::CurveRouter::bind(loop, zap_, admission_, keys_, {"tcp://127.0.0.1:*", "peer"}))),
      publisher_(
          opened(net::CurvePublisher::bind(loop, zap_, admission_, keys_, {"tcp://127.0.0.1:*", "stream"}))) {
  admission_.allow(peer_key_);
}

void PairSide::join(const PairSide& peer, NodePhase phase) {
  dealer_.emplace(loop_, keys_, net::CurveDealer::Options{peer.router_->endpoint(), peer_key_});
  subscriber_.emplace(loop_, keys_, net::CurveSubscriber::Options{peer.publisher_->endpoint(), peer_key_});
  link_.emplace(loop_, *dealer_, *router_, peer_key_, Random::from_system());
  const auto other = phase == NodePhase::kActive ? NodePhase::kStandby : NodePhase::kActive;
  replica_.emplace(
      replica::Replica::Surroundings{
          loop_, journal_, *publisher_, *subscriber_,
          [this](net::Frames frames) { link_->send(std::move(frames)); }, [other] { return other; },
          [this](const JournalPosition& position) { reached_ = position.sequence; }},
      agent::Settings{}.resync_rate, Random::from_system());
  link_->on_journals([this](const wire::Envelope& envelope) { replica_->hear(envelope); });
  loop_.post([this, phase] {
    link_->start([](const pair::PeerMessage&) {}, [](const std::string&) {});
    replica_->start();
    if (phase != NodePhase::kActive) return replica_->follow();
    journal_.raise_epoch(1, [this](const Result<>& raised) {
      FIELDLINE_CHECK(raised.has_value());
      replica_->feed();
    });
  });
}

}  // namespace fieldline::bench

// What a node of a pair has beside its journal: its lines to the other one, on loopback, and the replica that
// uses them. Its role is said from outside. Lives on its loop, or is built and taken down while that rests.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "agent/journal/journal.hpp"
#include "agent/pair/peer_link.hpp"
#include "agent/replica/replica.hpp"
#include "common/model/lease.hpp"
#include "common/net/admission.hpp"
#include "common/net/curve_dealer.hpp"
#include "common/net/curve_publisher.hpp"
#include "common/net/curve_router.hpp"
#include "common/net/curve_subscriber.hpp"
#include "common/net/key_pair.hpp"
#include "common/net/loop.hpp"
#include "common/net/zap.hpp"

namespace fieldline::bench {

class PairSide {
 public:
  // Listens. All outlive it.
  PairSide(net::Loop& loop, journal::Journal& journal, const net::KeyPair& keys, std::string peer_key);
  // Dials the other side, which listens, and is active or stands by.
  void join(const PairSide& peer, NodePhase phase);

  // How far the journal of this side reaches; from any thread.
  [[nodiscard]] std::uint64_t reached() const { return reached_; }

 private:
  net::Loop& loop_;
  journal::Journal& journal_;
  const net::KeyPair keys_;
  const std::string peer_key_;
  net::Zap zap_;
  net::Admission admission_;
  std::unique_ptr<net::CurveRouter> router_;
  std::unique_ptr<net::CurvePublisher> publisher_;
  std::optional<net::CurveDealer> dealer_;
  std::optional<net::CurveSubscriber> subscriber_;
  std::optional<pair::PeerLink> link_;
  std::optional<replica::Replica> replica_;
  std::atomic<std::uint64_t> reached_ = 0;
};

}  // namespace fieldline::bench

// Orders on their way to connected nodes: a window of them in flight per node, the rest waiting in
// order. Hands out the configurations too large to travel inside. Retries nothing. Lives on the loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/order.hpp"
#include "common/model/session.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/order_news.hpp"
#include "coordinator/sites/outbound.hpp"

namespace fieldline::sites {

class Orders {
 public:
  Orders(Executor& loop, Outbound& outbound) : loop_(loop), outbound_(outbound) {}

  // The node is connected from now on, by this connection.
  void open(const NodeId& node, const Outbound::Peer& peer);
  // All its orders are lost.
  void close(const NodeId& node, const std::string& why);

  // kUnavailable: not connected; kExhausted: too many wait; kConflict: it has an order of this
  // deployment already.
  Result<> add(Dispatch dispatch);
  void withdraw(const NodeId& node, const std::string& deployment);

  // What a connected node sent. An error: no honest node sends that.
  Result<> accepted(const NodeId& node, const Accepted& accepted);
  // False when nobody waits for this report any more.
  Result<bool> reported(const NodeId& node, const Report& report);
  Result<> fetch(const NodeId& node, const Fetch& fetch, std::uint64_t correlation);

 private:
  struct Lane {
    Outbound::Peer peer;
    std::deque<Dispatch> waiting;
    std::map<std::string, Dispatch> in_flight;  // by deployment
  };

  Lane* lane(const NodeId& node);
  void pump(const NodeId& node);
  void pump_later(const NodeId& node);
  void send(Lane& lane, const Dispatch& dispatch);

  Executor& loop_;
  Outbound& outbound_;
  std::map<NodeId, Lane> lanes_;
  std::uint64_t last_correlation_ = 0;
};

}  // namespace fieldline::sites

// Takes each message that arrives to the one who handles its type, and opens and ends sessions.
// Handles nothing before a HELLO that is welcomed. Lives on the loop.
#pragma once

#include <functional>
#include <string>

#include "common/base/executor.hpp"
#include "common/net/router.hpp"
#include "common/wire/message.hpp"
#include "coordinator/sites/booths.hpp"
#include "coordinator/sites/key_ring.hpp"
#include "coordinator/sites/malformed.hpp"
#include "coordinator/sites/node_book.hpp"
#include "coordinator/sites/orders.hpp"
#include "coordinator/sites/outbound.hpp"
#include "coordinator/sites/pulls.hpp"
#include "coordinator/sites/questions.hpp"
#include "coordinator/sites/roster.hpp"
#include "coordinator/sites/site_settings.hpp"
#include "coordinator/sites/takeovers.hpp"

namespace fieldline::sites {

class Switchboard {
 public:
  struct Neighbours {
    Executor& loop;
    Outbound& outbound;
    Roster& roster;
    KeyRing& keys;
    NodeBook& book;
    Orders& orders;
    Questions& questions;
    InventoryPulls& pulls;
    ArtifactPulls& artifacts;
    Booths& booths;
  };

  Switchboard(const Neighbours& neighbours, std::uint64_t term, const SiteSettings& settings);

  // Both keepers are set.
  void start();
  void take(net::Router::Arrival&& arrival);
  void refused(const std::string& key, std::string_view reason);
  void end(const NodeId& node, const std::string& code, const std::string& why);
  [[nodiscard]] std::uint64_t malformed(const NodeId& node) const { return malformed_.count(node.text()); }

 private:
  struct Letter {
    const NodeId& node;
    const wire::Envelope& envelope;
  };
  using Handler = Result<> (Switchboard::*)(const Letter&);

  static Handler handler(wire::Type type);

  Result<> greet(const net::Router::Arrival& arrival, const wire::Envelope& envelope);
  Result<> welcome(const net::Router::Arrival& arrival, const NodeId& node, const Hello& hello,
                   std::uint64_t correlation);
  void compare(const NodeId& node, const Hello& hello);
  void reject(const net::Router::Peer& peer, std::uint64_t correlation, std::string code,
              std::string message);

  Result<> ping(const Letter& letter);
  Result<> accepted(const Letter& letter);
  Result<> report(const Letter& letter);
  Result<> fetch(const Letter& letter);
  Result<> health(const Letter& letter);
  Result<> answer(const Letter& letter);
  Result<> vote(const Letter& letter);
  Result<> release(const Letter& letter);
  Result<> change_role(const Letter& letter);

  [[nodiscard]] std::string sender(const std::string& key) const;
  void sweep();

  Neighbours with_;
  const std::uint64_t term_;
  const SiteSettings settings_;
  Malformed malformed_;
  Takeovers takeovers_;
};

}  // namespace fieldline::sites

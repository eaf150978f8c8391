// Communication Layer: sessions with nodes, orders out, reports in, questions and their answers.
// Believes no identity but that of the sender's key, handles nothing before a HELLO it has welcomed,
// queues nothing for a node that is not connected. Lives on the coordinator's loop and is destroyed
// only when that no longer runs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/event.hpp"
#include "common/model/outbox.hpp"
#include "common/model/status.hpp"
#include "common/net/admission.hpp"
#include "common/net/router.hpp"
#include "coordinator/database/node_keys.hpp"
#include "coordinator/database/site_votes.hpp"
#include "coordinator/sites/answer.hpp"
#include "coordinator/sites/keeper.hpp"
#include "coordinator/sites/message_reading.hpp"
#include "coordinator/sites/node_id.hpp"
#include "coordinator/sites/node_state.hpp"
#include "coordinator/sites/order_news.hpp"
#include "coordinator/sites/site_settings.hpp"

namespace fieldline::sites {

class Sites {
 public:
  // `term` has been raised for this run. All references outlive this.
  Sites(Executor& loop, net::Router& router, net::Admission& admission, database::NodeKeys& keys,
        database::SiteVotes& votes, std::uint64_t term, const SiteSettings& settings);
  ~Sites();
  Sites(const Sites&) = delete;
  Sites& operator=(const Sites&) = delete;

  // Lets the accepted nodes in. Before any other; waits for the database.
  Result<> start(InventoryKeeper& instances, ArtifactKeeper& artifacts);

  // The nodes that the documents define, whenever they change. The keys of others are revoked.
  void define(std::set<NodeId> nodes);

  // All defined nodes, by site and name.
  [[nodiscard]] std::vector<NodeState> nodes() const;
  [[nodiscard]] std::vector<NodeState> nodes(const std::string& site) const;
  [[nodiscard]] std::optional<NodeState> node(const NodeId& id) const;
  [[nodiscard]] bool connected(const std::string& site) const;
  // The connected node of the site that runs its instances.
  [[nodiscard]] std::optional<NodeId> active(const std::string& site) const;
  // The other one, where it is connected.
  [[nodiscard]] std::optional<NodeId> standby(const std::string& site) const;
  // Does the site have, by its definition, more than one node?
  [[nodiscard]] bool is_pair(const std::string& site) const;

  // Oldest first.
  [[nodiscard]] std::vector<PendingKey> pending() const;
  // Durable before `done` is told. kNotFound: no such key pending or no such node; kConflict: the node
  // has a key already.
  void accept(const std::string& fingerprint, const NodeId& node, const std::string& who, Answer<> done);
  // The node's key counts no more, and its session ends, at once. kNotFound when it has none.
  void revoke(const NodeId& node, Answer<> done);

  // kUnavailable when the node is not connected; kExhausted when too many orders wait for it.
  Result<> order(Dispatch dispatch);
  // The order is given up: no more news of it.
  void withdraw(const NodeId& node, const std::string& deployment);

  // One page each. kUnavailable: not connected, or lost before it answered; kTimeout; kExhausted: too
  // many questions wait for that node.
  void values(const NodeId& node, ValuesQuery query, Answer<ValuesPage> done);
  void alarms(const NodeId& node, AlarmsQuery query, Answer<AlarmsPage> done);
  void events(const NodeId& node, EventQuery query, Answer<EventPage> done);
  // Asks the active node to hand over; errors as above, and kConflict with the reason that the node gives.
  void hand_over(const NodeId& node, Answer<> done);
  // Takes a node out of service, or back; errors as for hand_over().
  void maintain(const NodeId& node, bool enter, Answer<> done);
  // Of its outbox, errors as above.
  void outbox(const NodeId& node, OutboxQuery query, Answer<OutboxPage> done);
  void parked(const NodeId& node, ParkedQuery query, Answer<ParkedPage> done);
  // What became of a message; without its content.
  void message(const NodeId& node, const MessageId& id, Answer<MessagePiece> done);
  // kNotFound: it neither waits there nor is parked.
  void whole_message(const NodeId& node, const MessageId& id, Answer<WholeMessage> done);
  // A portion of what a person decides; kConflict with the reason when the node does not do it.
  void decide(const NodeId& node, ParkedDecision decision, Answer<ParkedDecided> done);
  // The keeper gets the node's inventory, whether the digests differ or not.
  void compare(const NodeId& node);
  void compare_artifacts(const NodeId& node);

  // Listeners are called on the loop and live as long as this.
  void on_event(std::function<void(const NodeEvent&)> listener);

 private:
  struct Rooms;
  std::unique_ptr<Rooms> rooms_;
};

}  // namespace fieldline::sites

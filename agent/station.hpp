// What the coordinator can ask of this node, answered from its rooms. Lives on the agent's loop.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/connections/connections.hpp"
#include "agent/events/event_log.hpp"
#include "agent/node_duties.hpp"
#include "agent/orders/desk.hpp"
#include "agent/outbox_desk.hpp"
#include "agent/pair/pair.hpp"
#include "agent/replica/replica.hpp"
#include "agent/runtime/runtime.hpp"
#include "agent/store/artifact_store.hpp"
#include "agent/store/configuration_store.hpp"
#include "agent/uplink/uplink.hpp"
#include "common/base/executor.hpp"

namespace fieldline::agent {

class Station final : public uplink::Node {
 public:
  struct Rooms {
    Executor& loop;
    store::ConfigurationStore& store;
    store::ArtifactStore& artifacts;
    events::EventLog& events;
    connections::Connections& connections;
    runtime::Runtime& runtime;
    orders::Desk& desk;
    pair::Pair& pair;
    NodeDuties& duties;
    OutboxDesk& outbox;
    const replica::Replica* replica;  // null: it has no line to a peer
  };

  Station(const Rooms& rooms, std::string site, std::string node, std::string peer,
          std::filesystem::path state);

  Hello hello() override;
  void welcomed(const Welcome& welcome) override;
  void disconnected(std::string_view why) override;
  void order(uplink::ReceivedOrder order) override { rooms_.desk.take(std::move(order)); }
  void piece(const Piece& piece, std::string_view bytes) override { rooms_.desk.take(piece, bytes); }
  void inventory(const InventoryQuery& query, Reply<InventoryPage> reply) override;
  void artifacts(const ArtifactsQuery& query, Reply<ArtifactsPage> reply) override;
  void values(const ValuesQuery& query, Reply<ValuesPage> reply) override;
  void alarms(const AlarmsQuery& query, Reply<AlarmsPage> reply) override;
  void events(const EventQuery& query, Reply<EventPage> reply) override;
  void hand_over(const SwitchQuery& query, Reply<SwitchAnswer> reply) override;
  void maintain(const MaintenanceQuery& query, Reply<SwitchAnswer> reply) override;
  void outbox(const OutboxQuery& query, Reply<OutboxPage> reply) override {
    rooms_.outbox.outbox(query, reply);
  }
  void parked(const ParkedQuery& query, Reply<ParkedPage> reply) override {
    rooms_.outbox.parked(query, std::move(reply));
  }
  void message(const MessageQuery& query, Reply<MessagePart> reply) override {
    rooms_.outbox.message(query, std::move(reply));
  }
  void decide(const ParkedDecision& decision, Reply<ParkedDecided> reply) override {
    rooms_.outbox.decide(decision, std::move(reply));
  }
  void health(Reply<NodeHealth> reply) override;

 private:
  void describe_pair(NodeHealth& health) const;
  void log(Severity severity, std::string message);

  const Rooms rooms_;
  const std::string site_;
  const std::string node_;
  const std::string peer_;  // empty: it has none
  const std::filesystem::path state_;
  const Instant started_;
  bool online_ = false;
};

}  // namespace fieldline::agent

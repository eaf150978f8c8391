// The node's line to the coordinator: keeps a session, decodes what comes, seals what goes. Handles
// nothing before WELCOME, and no type that is not in its table; a malformed message is counted and
// dropped. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/uplink/session.hpp"
#include "common/base/executor.hpp"
#include "common/base/random.hpp"
#include "common/model/event.hpp"
#include "common/model/lease.hpp"
#include "common/model/order.hpp"
#include "common/model/outbox.hpp"
#include "common/model/session.hpp"
#include "common/model/status.hpp"
#include "common/net/dealer.hpp"
#include "common/wire/message.hpp"

namespace fieldline::uplink {

// An order as it came: who sent it holds `term`, and its answers bear `correlation`.
struct ReceivedOrder {
  Order order;
  std::string attachment;
  std::uint64_t term = 0;
  std::uint64_t correlation = 0;
};

// What the uplink asks of the node behind it. All calls on the loop.
class Node {
 public:
  template <class T>
  using Reply = std::function<void(T)>;

  virtual ~Node() = default;
  // Role, term and inventory as they are now.
  virtual Hello hello() = 0;
  virtual void welcomed(const Welcome& welcome) = 0;
  virtual void disconnected(std::string_view why) = 0;
  virtual void order(ReceivedOrder order) = 0;
  virtual void piece(const Piece& piece, std::string_view bytes) = 0;
  virtual void inventory(const InventoryQuery& query, Reply<InventoryPage> reply) = 0;
  virtual void artifacts(const ArtifactsQuery& query, Reply<ArtifactsPage> reply) = 0;
  virtual void values(const ValuesQuery& query, Reply<ValuesPage> reply) = 0;
  virtual void alarms(const AlarmsQuery& query, Reply<AlarmsPage> reply) = 0;
  virtual void events(const EventQuery& query, Reply<EventPage> reply) = 0;
  virtual void hand_over(const SwitchQuery& query, Reply<SwitchAnswer> reply) = 0;
  virtual void maintain(const MaintenanceQuery& query, Reply<SwitchAnswer> reply) = 0;
  virtual void outbox(const OutboxQuery& query, Reply<OutboxPage> reply) = 0;
  virtual void parked(const ParkedQuery& query, Reply<ParkedPage> reply) = 0;
  virtual void message(const MessageQuery& query, Reply<MessagePart> reply) = 0;
  virtual void decide(const ParkedDecision& decision, Reply<ParkedDecided> reply) = 0;
  virtual void health(Reply<NodeHealth> reply) = 0;
};

class Uplink {
 public:
  // All outlive the uplink.
  Uplink(Executor& loop, net::Dealer& dealer, Node& node, Random random);
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void start();

  // What the coordinator answers to VOTE_REQUEST. Without a handler such an answer is unexpected.
  using Vote = std::variant<VoteGrant, VoteRefusal>;
  void on_vote(std::function<void(const Vote&)> handler) { on_vote_ = std::move(handler); }

  [[nodiscard]] bool open() const { return session_.phase == Phase::kOpen; }
  // Malformed or unexpected messages dropped so far.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  // Kept between HELLO and WELCOME, since that HELLO told of the inventory as it was before; dropped
  // while there is no session, since the next HELLO tells.
  template <class Body>
  void send(const Body& body, std::uint64_t correlation = 0, std::string attachment = {}) {
    transmit(wire::seal(body, term_, correlation, std::move(attachment)));
  }

 private:
  void receive(net::Frames&& frames);
  void handle(const wire::Envelope& envelope);
  void handle_welcome(const wire::Envelope& envelope);
  void handle_reject(const wire::Envelope& envelope);
  void handle_order(const wire::Envelope& envelope);
  void handle_piece(const wire::Envelope& envelope);
  template <class Query, class Answer>
  void obey(const wire::Envelope& envelope, void (Node::*done)(const Query&, Node::Reply<Answer>));
  template <class Answer>
  void handle_vote(const wire::Envelope& envelope);
  template <class Query, class Page>
  void answer(const wire::Envelope& envelope, void (Node::*ask)(const Query&, Node::Reply<Page>));

  void send_page(const MessagePart& part, std::uint64_t correlation) {
    send(part.piece, correlation, part.bytes);
  }
  template <class Page>
  void send_page(const Page& page, std::uint64_t correlation) {
    send(page, correlation);
  }

  void tick();
  void carry_out(Action action, std::string_view why);
  void dial();
  void schedule_tick();
  void report_health();
  void transmit(net::Frames frames);
  void drop(std::string_view why);
  // `body` of an envelope, or the message is dropped.
  template <class Body, class Then>
  void with_body(const wire::Envelope& envelope, Then then);

  Executor& loop_;
  net::Dealer& dealer_;
  Node& node_;
  Random random_;
  Session session_;
  std::uint64_t term_ = 0;          // the highest known
  std::uint64_t session_term_ = 0;  // of the coordinator at the other end
  std::uint64_t generation_ = 0;    // of the session; answers gathered for an older one are not sent
  Duration health_interval_{};
  Executor::TimerId tick_timer_ = 0;
  Executor::TimerId health_timer_ = 0;
  std::vector<net::Frames> kept_;  // until WELCOME
  std::uint64_t dropped_ = 0;
  std::function<void(const Vote&)> on_vote_;
  std::shared_ptr<Uplink*> self_;  // late answers to an uplink that is gone find it empty
};

}  // namespace fieldline::uplink

#include "coordinator/sites/sites.hpp"

#include <utility>

#include "common/base/check.hpp"
#include "common/net/key_pair.hpp"
#include "coordinator/sites/booths.hpp"
#include "coordinator/sites/key_ring.hpp"
#include "coordinator/sites/message_reading.hpp"
#include "coordinator/sites/node_book.hpp"
#include "coordinator/sites/orders.hpp"
#include "coordinator/sites/outbound.hpp"
#include "coordinator/sites/pulls.hpp"
#include "coordinator/sites/questions.hpp"
#include "coordinator/sites/roster.hpp"
#include "coordinator/sites/switchboard.hpp"

namespace fieldline::sites {
namespace {

Answer<SwitchAnswer> outcome_of_switch(Answer<> done) {
  return [done = std::move(done)](const Result<SwitchAnswer>& answer) {
    if (!answer) return done(fail(answer.error()));
    if (answer->code.empty()) return done({});
    done(fail(ErrorCode::kConflict, answer->message, answer->code));
  };
}

}  // namespace

struct Sites::Rooms {
  Rooms(Executor& executor, net::Router& router, net::Admission& admission, database::NodeKeys& rows,
        database::SiteVotes& votes, std::uint64_t term, const SiteSettings& settings)
      : loop(executor),
        outbound(executor, router, term),
        keys(executor, admission, rows),
        book(executor.clock()),
        orders(executor, outbound),
        questions(executor, outbound, roster, settings.query_deadline),
        pulls(executor, questions),
        artifacts(executor, questions),
        booths(executor, votes),
        switchboard({executor, outbound, roster, keys, book, orders, questions, pulls, artifacts, booths},
                    term, settings) {}

  [[nodiscard]] NodeState complete(const NodeId& id, NodeState state) const {
    state.fingerprint = keys.fingerprint(id);
    state.malformed = switchboard.malformed(id);
    return state;
  }

  Executor& loop;
  Roster roster;
  Outbound outbound;
  KeyRing keys;
  NodeBook book;
  Orders orders;
  Questions questions;
  InventoryPulls pulls;
  ArtifactPulls artifacts;
  Booths booths;
  Switchboard switchboard;
};

Sites::Sites(Executor& loop, net::Router& router, net::Admission& admission, database::NodeKeys& keys,
             database::SiteVotes& votes, std::uint64_t term, const SiteSettings& settings)
    : rooms_(std::make_unique<Rooms>(loop, router, admission, keys, votes, term, settings)) {
  auto& rooms = *rooms_;
  router.on_message([&rooms](net::Router::Arrival&& arrival) { rooms.switchboard.take(std::move(arrival)); });
  router.on_refused(
      [&rooms](const std::string& key, std::string_view reason) { rooms.switchboard.refused(key, reason); });
  admission.on_unknown([&rooms](const net::Admission::Knock& knock) {
    rooms.book.knocked(net::fingerprint(knock.public_key), knock.address);
  });
  rooms.keys.on_revoked(
      [&rooms](const NodeId& node) { rooms.switchboard.end(node, "revoked", "its key is revoked"); });
  rooms.outbound.on_gone([&rooms](const net::Router::Peer& peer, std::string_view why) {
    if (const auto* session = rooms.roster.of_peer(peer))
      rooms.switchboard.end(NodeId(session->node), "gone", std::string(why));
  });
}

Sites::~Sites() = default;

Result<> Sites::start(InventoryKeeper& instances, ArtifactKeeper& artifacts) {
  if (auto loaded = rooms_->keys.load(); !loaded) return loaded;
  if (auto loaded = rooms_->booths.load(); !loaded) return loaded;
  rooms_->pulls.set_keeper(instances);
  rooms_->artifacts.set_keeper(artifacts);
  rooms_->switchboard.start();
  return {};
}

void Sites::define(std::set<NodeId> nodes) {
  FIELDLINE_DCHECK(rooms_->loop.here());
  rooms_->keys.define(nodes);
  rooms_->book.define(nodes);
  rooms_->booths.define(nodes);
}

std::vector<NodeState> Sites::nodes() const {
  std::vector<NodeState> states;
  for (const auto& [id, state] : rooms_->book.nodes()) states.push_back(rooms_->complete(id, state));
  return states;
}

std::vector<NodeState> Sites::nodes(const std::string& site) const {
  std::vector<NodeState> states;
  for (const auto& [id, state] : rooms_->book.nodes_of(site)) states.push_back(rooms_->complete(id, state));
  return states;
}

std::optional<NodeState> Sites::node(const NodeId& id) const {
  const auto found = rooms_->book.nodes().find(id);
  if (found == rooms_->book.nodes().end()) return std::nullopt;
  return rooms_->complete(id, found->second);
}

bool Sites::connected(const std::string& site) const {
  return rooms_->roster.any(site);
}

std::optional<NodeId> Sites::active(const std::string& site) const {
  const auto* session = rooms_->roster.active(site);
  return session == nullptr ? std::nullopt : std::optional(session->node);
}

std::optional<NodeId> Sites::standby(const std::string& site) const {
  const auto* session = rooms_->roster.standby(site);
  return session == nullptr ? std::nullopt : std::optional(session->node);
}

bool Sites::is_pair(const std::string& site) const {
  return std::ranges::distance(rooms_->book.nodes_of(site)) > 1;
}

std::vector<PendingKey> Sites::pending() const {
  return rooms_->keys.pending();
}

void Sites::accept(const std::string& fingerprint, const NodeId& node, const std::string& who,
                   Answer<> done) {
  rooms_->keys.accept(fingerprint, node, who, std::move(done));
}

void Sites::revoke(const NodeId& node, Answer<> done) {
  rooms_->keys.revoke(node, std::move(done));
}

Result<> Sites::order(Dispatch dispatch) {
  FIELDLINE_DCHECK(rooms_->loop.here());
  return rooms_->orders.add(std::move(dispatch));
}

void Sites::withdraw(const NodeId& node, const std::string& deployment) {
  rooms_->orders.withdraw(node, deployment);
}

void Sites::values(const NodeId& node, ValuesQuery query, Answer<ValuesPage> done) {
  rooms_->questions.ask<ValuesPage>(node, query, std::move(done));
}

void Sites::alarms(const NodeId& node, AlarmsQuery query, Answer<AlarmsPage> done) {
  rooms_->questions.ask<AlarmsPage>(node, query, std::move(done));
}

void Sites::events(const NodeId& node, EventQuery query, Answer<EventPage> done) {
  rooms_->questions.ask<EventPage>(node, query, std::move(done));
}

void Sites::hand_over(const NodeId& node, Answer<> done) {
  rooms_->questions.ask<SwitchAnswer>(node, SwitchQuery{}, outcome_of_switch(std::move(done)));
}

void Sites::maintain(const NodeId& node, bool enter, Answer<> done) {
  rooms_->questions.ask<SwitchAnswer>(node, MaintenanceQuery{enter}, outcome_of_switch(std::move(done)));
}

void Sites::outbox(const NodeId& node, OutboxQuery query, Answer<OutboxPage> done) {
  rooms_->questions.ask<OutboxPage>(node, query, std::move(done));
}

void Sites::parked(const NodeId& node, ParkedQuery query, Answer<ParkedPage> done) {
  rooms_->questions.ask<ParkedPage>(node, query, std::move(done));
}

void Sites::message(const NodeId& node, const MessageId& id, Answer<MessagePiece> done) {
  rooms_->questions.ask<MessagePiece>(node, MessageQuery{false, id, 0}, std::move(done));
}

void Sites::whole_message(const NodeId& node, const MessageId& id, Answer<WholeMessage> done) {
  std::make_shared<MessageReading>(rooms_->questions, node, id, std::move(done))->go_on();
}

void Sites::decide(const NodeId& node, ParkedDecision decision, Answer<ParkedDecided> done) {
  rooms_->questions.ask<ParkedDecided>(
      node, decision, [done = std::move(done)](Result<ParkedDecided> decided) {
        if (decided && !decided->code.empty())
          return done(fail(ErrorCode::kConflict, std::move(decided->message), std::move(decided->code)));
        done(std::move(decided));
      });
}

void Sites::compare(const NodeId& node) {
  if (rooms_->roster.find(node) != nullptr) rooms_->pulls.begin(node);
}

void Sites::compare_artifacts(const NodeId& node) {
  if (rooms_->roster.find(node) != nullptr) rooms_->artifacts.begin(node);
}

void Sites::on_event(std::function<void(const NodeEvent&)> listener) {
  rooms_->book.on_event(std::move(listener));
}

}  // namespace fieldline::sites

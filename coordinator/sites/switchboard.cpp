#include "coordinator/sites/switchboard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "common/net/key_pair.hpp"
#include "coordinator/sites/limits.hpp"

namespace fieldline::sites {
namespace {

// A tenth of the limit is as exact as the death of a session has to be.
Duration sweep_interval(const SiteSettings& settings) {
  return std::max<Duration>(settings.silence_limit / 10, std::chrono::milliseconds(10));
}

}  // namespace

Switchboard::Switchboard(const Neighbours& neighbours, std::uint64_t term, const SiteSettings& settings)
    : with_(neighbours), term_(term), settings_(settings) {}

void Switchboard::start() {
  sweep();
}

// Deny by default: what has no row here is not handled.
Switchboard::Handler Switchboard::handler(wire::Type type) {
  using wire::Type;
  static constexpr std::pair<Type, Handler> kHandlers[] = {
      {Type::kPing, &Switchboard::ping},
      {Type::kAccepted, &Switchboard::accepted},
      {Type::kReport, &Switchboard::report},
      {Type::kFetch, &Switchboard::fetch},
      {Type::kHealth, &Switchboard::health},
      {Type::kInventoryPage, &Switchboard::answer},
      {Type::kValuesPage, &Switchboard::answer},
      {Type::kAlarmsPage, &Switchboard::answer},
      {Type::kEventsPage, &Switchboard::answer},
      {Type::kArtifactsPage, &Switchboard::answer},
      {Type::kSwitchAnswer, &Switchboard::answer},
      {Type::kOutboxPage, &Switchboard::answer},
      {Type::kParkedPage, &Switchboard::answer},
      {Type::kMessagePiece, &Switchboard::answer},
      {Type::kParkedDecided, &Switchboard::answer},
      {Type::kVoteRequest, &Switchboard::vote},
      {Type::kLeaseRelease, &Switchboard::release},
      {Type::kRoleChange, &Switchboard::change_role},
  };
  const auto* found = std::find_if(std::begin(kHandlers), std::end(kHandlers),
                                   [type](const auto& row) { return row.first == type; });
  return found == std::end(kHandlers) ? nullptr : found->second;
}

std::string Switchboard::sender(const std::string& key) const {
  const auto* owner = with_.keys.owner(key);
  return owner == nullptr ? "unknown senders" : owner->text();
}

void Switchboard::refused(const std::string& key, std::string_view reason) {
  malformed_.add(sender(key), reason, with_.loop.clock().now());
}

void Switchboard::take(net::Router::Arrival&& arrival) {
  const auto envelope = wire::open(arrival.frames, wire::Sender::kNode);
  if (!envelope) {
    const auto& error = envelope.error();
    if (error.code == ErrorCode::kUnsupportedMedia) reject(arrival.peer, 0, error.where, error.message);
    return refused(arrival.key, error.message);
  }
  const auto type = envelope->header.type;
  if (type == wire::Type::kHello) {
    if (auto greeted = greet(arrival, *envelope); !greeted) refused(arrival.key, greeted.error().message);
    return;
  }
  auto* session = with_.roster.of_peer(arrival.peer);
  if (session == nullptr || session->key != arrival.key)
    return reject(arrival.peer, envelope->header.correlation, "hello-first", "say HELLO first");
  session->heard = with_.loop.clock().now();
  const auto handle = handler(type);
  if (handle == nullptr)
    return reject(arrival.peer, envelope->header.correlation, "unknown-type", "not a type for a coordinator");
  const auto node = session->node;  // the handler may end the session
  if (auto handled = (this->*handle)({node, *envelope}); !handled)
    refused(arrival.key, handled.error().describe());
}

Result<> Switchboard::greet(const net::Router::Arrival& arrival, const wire::Envelope& envelope) {
  const auto hello = wire::body_of<Hello>(envelope);
  if (!hello) return fail(hello.error());
  const auto correlation = envelope.header.correlation;
  const auto* owner = with_.keys.owner(arrival.key);
  if (owner == nullptr || !with_.book.defines(*owner)) {
    reject(arrival.peer, correlation, "unknown-node", "this key is accepted for no node");
    return {};
  }
  if (hello->site != owner->site || hello->node != owner->node) {
    with_.book.warn(*owner, "wrong-identity", "its key was used to claim another node");
    reject(arrival.peer, correlation, "wrong-identity",
           fmt::format("this key is {}: correct site and node in the agent's settings", owner->text()));
    return {};
  }
  return welcome(arrival, NodeId(*owner), *hello, correlation);
}

Result<> Switchboard::welcome(const net::Router::Arrival& arrival, const NodeId& node, const Hello& hello,
                              std::uint64_t correlation) {
  const auto now = with_.loop.clock().now();
  if (const auto* before = with_.roster.find(node)) {
    const auto peer = before->peer;
    end(node, "replaced", "the node connected again");
    if (peer != arrival.peer) reject(peer, 0, "superseded", "a newer connection of this node has taken over");
    if (takeovers_.add(node, now))
      with_.book.warn(node, "contested-identity",
                      "connections with this node's key take over from each other: two agents with one key, "
                      "or a link that flaps");
  }
  with_.roster.open({node, arrival.peer, arrival.key, hello.role, hello.epoch, now, now});
  with_.outbound.send(arrival.peer,
                      Welcome{with_.loop.clock().utc(), settings_.health_interval, settings_.ping_interval,
                              settings_.silence_limit, term_},
                      correlation);
  with_.orders.open(node, arrival.peer);
  with_.book.came(node, hello);
  if (with_.roster.two_active(node.site))
    with_.book.warn(node, "two-active", "both nodes of this site claim to be active");
  compare(node, hello);
  return {};
}

void Switchboard::compare(const NodeId& node, const Hello& hello) {
  // Artifacts come first: what a node gets of them may let it hold more instances.
  auto& artifacts = *with_.artifacts.keeper();
  if (hello.artifacts_digest.empty()) {
    artifacts.pulled(node, {});
  } else if (artifacts.believed_digest(node) == hello.artifacts_digest) {
    artifacts.matches(node);
  } else {
    with_.artifacts.begin(node);
  }
  auto& instances = *with_.pulls.keeper();
  if (instances.believed_digest(node) == hello.inventory_digest) return instances.matches(node);
  with_.pulls.begin(node);
}

void Switchboard::reject(const net::Router::Peer& peer, std::uint64_t correlation, std::string code,
                         std::string message) {
  with_.outbound.send(peer, Reject{std::move(code), std::move(message)}, correlation);
}

void Switchboard::end(const NodeId& node, const std::string& code, const std::string& why) {
  const auto closed = with_.roster.close(node);
  if (!closed) return;
  with_.outbound.forget(closed->peer);
  with_.pulls.close(node);
  with_.artifacts.close(node);
  with_.book.went(node, code, why);
  with_.orders.close(node, why);
  with_.questions.close(node, why);
}

void Switchboard::sweep() {
  const auto now = with_.loop.clock().now();
  for (const auto& node : with_.roster.silent(now - settings_.silence_limit)) {
    end(node, "silent",
        fmt::format("nothing was heard of it for {}", format_duration(settings_.silence_limit)));
  }
  with_.loop.after(sweep_interval(settings_), [this] { sweep(); });
}

Result<> Switchboard::ping(const Letter& letter) {
  if (const auto* session = with_.roster.find(letter.node))
    with_.outbound.send(session->peer, wire::Pong{}, letter.envelope.header.correlation);
  return {};
}

Result<> Switchboard::accepted(const Letter& letter) {
  const auto body = wire::body_of<Accepted>(letter.envelope);
  if (!body) return fail(body.error());
  return with_.orders.accepted(letter.node, *body);
}

Result<> Switchboard::report(const Letter& letter) {
  const auto body = wire::body_of<Report>(letter.envelope);
  if (!body) return fail(body.error());
  const auto awaited = with_.orders.reported(letter.node, *body);
  if (!awaited) return fail(awaited.error());
  // It may say what was true long ago: what is true now is in the inventory.
  if (!*awaited && body->instance.empty()) {
    with_.artifacts.begin(letter.node);
  } else if (!*awaited) {
    with_.pulls.begin(letter.node);
  }
  return {};
}

Result<> Switchboard::fetch(const Letter& letter) {
  const auto body = wire::body_of<Fetch>(letter.envelope);
  if (!body) return fail(body.error());
  return with_.orders.fetch(letter.node, *body, letter.envelope.header.correlation);
}

Result<> Switchboard::health(const Letter& letter) {
  auto body = wire::body_of<NodeHealth>(letter.envelope);
  if (!body) return fail(body.error());
  with_.book.reported(letter.node, std::move(*body));
  return {};
}

Result<> Switchboard::answer(const Letter& letter) {
  return with_.questions.answered(letter.node, letter.envelope);
}

Result<> Switchboard::vote(const Letter& letter) {
  const auto request = wire::body_of<VoteRequest>(letter.envelope);
  if (!request) return fail(request.error());
  with_.booths.ask(letter.node, *request, [this, node = NodeId(letter.node)](const lease::Answer& answer) {
    // On another connection by now, perhaps: the node knows what it has asked for.
    const auto* session = with_.roster.find(node);
    if (session == nullptr) return;
    std::visit([&](const auto& body) { with_.outbound.send(session->peer, body); }, answer);
  });
  return {};
}

Result<> Switchboard::release(const Letter& letter) {
  const auto body = wire::body_of<LeaseRelease>(letter.envelope);
  if (!body) return fail(body.error());
  with_.booths.release(letter.node, *body);
  return {};
}

Result<> Switchboard::change_role(const Letter& letter) {
  const auto change = wire::body_of<RoleChange>(letter.envelope);
  if (!change) return fail(change.error());
  auto* session = with_.roster.find(letter.node);
  if (session == nullptr) return {};
  const bool other_role = session->role != change->role;
  session->role = change->role;
  session->epoch = change->epoch;
  with_.book.changed(letter.node, *change);
  if (!other_role) return {};
  if (with_.roster.two_active(letter.node.site))
    with_.book.warn(letter.node, "two-active", "both nodes of this site claim to be active");
  // What a node holds counts for more once it is active, and has to be put in line once it is not.
  with_.artifacts.begin(letter.node);
  with_.pulls.begin(letter.node);
  return {};
}

}  // namespace fieldline::sites

// A node as docs/protocol.md describes one, at the other end of a simulated network: honest unless
// told otherwise, and remembering all that it was sent.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/hash.hpp"
#include "common/base/virtual_time.hpp"
#include "common/net/lossy_network.hpp"
#include "common/wire/artifacts.hpp"
#include "common/wire/config.hpp"
#include "common/wire/message.hpp"
#include "coordinator/sites/node_id.hpp"

namespace fieldline::sites {

// A public key that is easy to read in a failure.
inline std::string key_of(const std::string& name) {
  auto key = name;
  key.resize(40, '0');
  return key;
}

class ScriptedNode {
 public:
  ScriptedNode(VirtualTime& time, net::LossyNetwork& network, NodeId id, Role role, const std::string& host,
               const std::string& key)
      : executor_(time.executor()),
        dealer_(network.dealer(*executor_, host, key, "central", key_of("central"))) {
    hello.site = id.site;
    hello.node = id.node;
    hello.role = role;
    dealer_->on_message([this](net::Frames&& frames) { take(frames); });
    dealer_->on_link([this](net::Link news) { links.push_back(news); });
    tick();
  }

  // Dials anew and says HELLO.
  void connect() {
    REQUIRE(dealer_->reconnect());
    talking_ = true;
    hello.inventory_digest = wire::digest(inventory());
    hello.artifacts_digest = takes_artifacts ? wire::artifacts_digest(artifact_inventory()) : std::string();
    send(hello, 7);
  }
  void disconnect_silently() { talking_ = false; }

  template <class Body>
  void send(const Body& body, std::uint64_t correlation = 0) {
    send_frames(wire::seal(body, hello.term, correlation));
  }
  void send_frames(net::Frames frames) { static_cast<void>(dealer_->send(std::move(frames))); }

  void report(const Order& order, Report report) {
    report.deployment = order.deployment;
    report.instance = order.instance;
    send(report, correlation_);
  }
  void fail(const Order& order, const std::string& reason, Stage stage) {
    Report bad;
    bad.reason = reason;
    bad.message = "no";
    bad.stage = stage;
    report(order, with_current(order.instance, bad));
  }
  // Does what the order says, and says so.
  void obey(const Order& order) {
    if (order.kind == OrderKind::kArtifacts) return take_package(order);
    if (order.kind == OrderKind::kDelete || order.kind == OrderKind::kDrop) {
      holds.erase(order.instance);
    } else if (order.kind == OrderKind::kApply || order.kind == OrderKind::kHold) {
      const bool enabled = !holds.contains(order.instance) || holds[order.instance].enabled;
      holds[order.instance] = {enabled, order.instance, order.revision};
    } else if (holds.contains(order.instance)) {
      holds[order.instance].enabled = order.kind == OrderKind::kEnable;
    }
    Report good;
    good.success = true;
    report(order, with_current(order.instance, good));
  }

  [[nodiscard]] Inventory inventory() const {
    Inventory all;
    for (const auto& [instance, item] : holds) all.push_back(item);
    return all;
  }
  [[nodiscard]] ArtifactInventory artifact_inventory() const {
    ArtifactInventory all;
    for (const auto& [key, revision] : artifacts) all.push_back({key, revision});
    return all;
  }
  [[nodiscard]] std::vector<std::string> reject_codes() const {
    std::vector<std::string> codes;
    for (const auto& reject : rejects) codes.push_back(reject.code);
    return codes;
  }

  Hello hello;
  std::map<std::string, InventoryItem> holds;
  std::map<std::string, Revision> artifacts;
  std::map<std::string, Artifact> documents;      // of artifacts that were brought
  std::vector<std::vector<std::string>> brought;  // keys, by package
  bool takes_artifacts = true;
  std::function<void(const Order&)> on_order;  // instead of obeying
  bool accepts = true;                         // answers ACCEPTED
  bool answers = true;                         // answers questions
  std::size_t page = 1000;                     // items
  std::string message;                         // the bytes of the one that it has in its outbox
  std::uint64_t message_size = 0;              // as it says
  ParkedDecided decided;                       // its answer to a decision

  std::vector<Welcome> welcomes;
  std::vector<Reject> rejects;
  std::vector<Order> orders;
  std::vector<std::string> attachments;
  std::map<std::string, std::string> fetched;  // by deployment
  std::vector<Piece> pieces;
  std::vector<VoteGrant> grants;
  std::vector<VoteRefusal> refusals;
  std::vector<net::Link> links;
  std::map<wire::Type, int> seen;
  std::vector<std::uint64_t> terms;

 private:
  void tick() {
    if (talking_) send(wire::Ping{});
    executor_->after(std::chrono::seconds(2), [this] { tick(); });
  }

  Report with_current(const std::string& instance, Report report) const {
    const auto found = holds.find(instance);
    if (found == holds.end()) return report;
    report.revision = found->second.revision;
    report.enabled = found->second.enabled;
    return report;
  }

  void take(const net::Frames& frames) {
    const auto envelope = wire::open(frames, wire::Sender::kCoordinator);
    REQUIRE(envelope);
    ++seen[envelope->header.type];
    terms.push_back(envelope->header.term);
    correlation_ = envelope->header.correlation;
    switch (envelope->header.type) {
      case wire::Type::kWelcome:
        welcomes.push_back(*wire::body_of<Welcome>(*envelope));
        break;
      case wire::Type::kReject:
        rejects.push_back(*wire::body_of<Reject>(*envelope));
        break;
      case wire::Type::kVoteGrant:
        grants.push_back(*wire::body_of<VoteGrant>(*envelope));
        break;
      case wire::Type::kVoteRefusal:
        refusals.push_back(*wire::body_of<VoteRefusal>(*envelope));
        break;
      case wire::Type::kOrder:
        take_order(*wire::body_of<Order>(*envelope), std::string(envelope->attachment));
        break;
      case wire::Type::kPiece:
        take_piece(*wire::body_of<Piece>(*envelope), envelope->attachment);
        break;
      case wire::Type::kInventoryQuery:
        if (answers) give_page(wire::body_of<InventoryQuery>(*envelope)->cursor);
        break;
      case wire::Type::kArtifactsQuery:
        if (answers) give_artifacts(wire::body_of<ArtifactsQuery>(*envelope)->cursor);
        break;
      case wire::Type::kValuesQuery:
        if (answers) send(ValuesPage{true, {}, {}}, correlation_);
        break;
      case wire::Type::kMessageQuery:
        if (answers) give_message(*wire::body_of<MessageQuery>(*envelope));
        break;
      case wire::Type::kParkedDecision:
        if (answers) send(decided, correlation_);
        break;
      default:
        break;
    }
  }

  void take_order(const Order& order, std::string attachment) {
    orders.push_back(order);
    attachments.push_back(attachment);
    if (order.size == attachment.size()) fetched[order.deployment] = attachment;
    if (accepts) send(Accepted{order.deployment}, correlation_);
    if (order.size > attachment.size()) {
      fetching_ = order;
      send(Fetch{order.deployment, 0, order.revision});
    } else {
      act(order);
    }
  }

  void take_piece(const Piece& piece, std::string_view bytes) {
    pieces.push_back(piece);
    auto& whole = fetched[piece.deployment];
    whole += bytes;
    if (piece.size == 0 || !fetching_) return;
    if (whole.size() < piece.size) return send(Fetch{piece.deployment, whole.size(), fetching_->revision});
    act(*std::exchange(fetching_, std::nullopt));
  }

  void act(const Order& order) {
    if (on_order) {
      on_order(order);
    } else {
      obey(order);
    }
  }

  // As docs/protocol.md says: whole or not at all.
  void take_package(const Order& order) {
    const auto package = wire::unpack_artifacts(fetched[order.deployment], order.revision);
    REQUIRE(package);
    std::map<std::string, Revision> fresh;
    auto& keys = brought.emplace_back();
    for (const auto& [item, bytes] : *package) {
      if (!bytes && (!artifacts.contains(item.key) || artifacts[item.key] != item.revision))
        return fail(order, "artifact-absent", Stage::kStored);
      fresh.emplace(item.key, item.revision);
      if (!bytes) continue;
      keys.push_back(item.key);
      const auto opened = wire::open_artifact(item, *bytes);
      REQUIRE(opened);
      documents.insert_or_assign(item.key, *opened);
    }
    artifacts = std::move(fresh);
    Report good;
    good.success = true;
    good.revision = wire::artifacts_digest(artifact_inventory());
    report(order, good);
  }

  void give_message(const MessageQuery& query) {
    MessagePiece piece;
    piece.state = MessageState::kParked;
    if (!query.content) return send(piece, correlation_);
    piece.size = message_size;
    piece.offset = std::min<std::uint64_t>(query.offset, message.size());
    send_frames(wire::seal(piece, hello.term, correlation_, message.substr(piece.offset, page)));
  }

  void give_artifacts(const std::string& cursor) {
    ArtifactsPage answer;
    auto at = artifacts.upper_bound(cursor);
    for (; at != artifacts.end() && answer.items.size() < page; ++at)
      answer.items.push_back({at->first, at->second});
    if (at != artifacts.end()) answer.next = answer.items.back().key;
    send(answer, correlation_);
  }

  void give_page(const std::string& cursor) {
    InventoryPage answer;
    auto at = holds.upper_bound(cursor);
    for (; at != holds.end() && answer.items.size() < page; ++at) answer.items.push_back(at->second);
    if (at != holds.end()) answer.next = answer.items.back().instance;
    send(answer, correlation_);
  }

  std::unique_ptr<Executor> executor_;
  std::unique_ptr<net::Dealer> dealer_;
  bool talking_ = false;
  std::uint64_t correlation_ = 0;
  std::optional<Order> fetching_;
};

}  // namespace fieldline::sites

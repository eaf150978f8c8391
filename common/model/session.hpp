// How a node and the coordinator open a session, and how they compare what the node holds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/artifact.hpp"
#include "common/model/fields.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline {

enum class Role { kActive, kStandby };
template <>
inline constexpr std::array kEnumNames<Role> = std::to_array<std::string_view>({"active", "standby"});

struct Hello {
  std::string artifacts_digest;  // wire::artifacts_digest of what it holds; empty: it takes none
  std::uint64_t epoch = 0;
  std::string inventory_digest;  // wire::digest of the node's inventory
  std::string node;
  Role role = Role::kStandby;
  std::string site;
  std::string software;    // "fieldline-agent 0.1.0"
  std::uint64_t term = 0;  // the highest coordinator term the node has seen

  static constexpr auto fields = fields_in_order(
      defaulted("artifacts_digest", &Hello::artifacts_digest), defaulted("epoch", &Hello::epoch),
      required("inventory_digest", &Hello::inventory_digest), required("node", &Hello::node),
      required("role", &Hello::role), required("site", &Hello::site), defaulted("software", &Hello::software),
      required("term", &Hello::term));
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct Welcome {
  Timestamp clock{};  // the coordinator's wall clock, for the node's event log
  Duration health_interval = std::chrono::seconds(5);
  Duration ping_interval = std::chrono::seconds(2);
  Duration silence_limit = std::chrono::seconds(10);  // no traffic for this long: the session is dead
  std::uint64_t term = 0;

  static constexpr auto fields = fields_in_order(
      required("clock", &Welcome::clock), defaulted("health_interval", &Welcome::health_interval),
      defaulted("ping_interval", &Welcome::ping_interval),
      defaulted("silence_limit", &Welcome::silence_limit), required("term", &Welcome::term));
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

// Why a message is not handled. The session stays closed until a HELLO is welcomed.
struct Reject {
  std::string code;  // "unknown-node", "wrong-identity", "unsupported-version", "hello-first", "superseded" …
  std::string message;

  static constexpr auto fields =
      fields_in_order(required("code", &Reject::code), required("message", &Reject::message));
  friend bool operator==(const Reject&, const Reject&) = default;
};

struct InventoryItem {
  bool enabled = true;
  std::string instance;
  Revision revision;

  static constexpr auto fields = fields_in_order(required("enabled", &InventoryItem::enabled),
                                                 required("instance", &InventoryItem::instance),
                                                 required("revision", &InventoryItem::revision));
  friend bool operator==(const InventoryItem&, const InventoryItem&) = default;
};

// All that a node holds as current, sorted by instance.
using Inventory = std::vector<InventoryItem>;

// Pages are pulled: each query is the credit for one answer of at most 32 KiB, so no bulk transfer
// stands between a ping and its pong. An empty cursor asks for the first page; an empty `next` ends.
struct InventoryQuery {
  std::string cursor;

  static constexpr auto fields = fields_in_order(defaulted("cursor", &InventoryQuery::cursor));
  friend bool operator==(const InventoryQuery&, const InventoryQuery&) = default;
};

struct InventoryPage {
  Inventory items;
  std::string next;

  static constexpr auto fields =
      fields_in_order(required("items", &InventoryPage::items), defaulted("next", &InventoryPage::next));
  friend bool operator==(const InventoryPage&, const InventoryPage&) = default;
};

// Likewise what artifacts a node holds.
struct ArtifactsQuery {
  std::string cursor;

  static constexpr auto fields = fields_in_order(defaulted("cursor", &ArtifactsQuery::cursor));
  friend bool operator==(const ArtifactsQuery&, const ArtifactsQuery&) = default;
};

struct ArtifactsPage {
  ArtifactInventory items;
  std::string next;

  static constexpr auto fields =
      fields_in_order(required("items", &ArtifactsPage::items), defaulted("next", &ArtifactsPage::next));
  friend bool operator==(const ArtifactsPage&, const ArtifactsPage&) = default;
};

// A node's request for a piece of what is too large to travel in its order.
struct Fetch {
  std::string deployment;
  std::uint64_t offset = 0;
  Revision revision;

  static constexpr auto fields =
      fields_in_order(required("deployment", &Fetch::deployment), required("offset", &Fetch::offset),
                      required("revision", &Fetch::revision));
  friend bool operator==(const Fetch&, const Fetch&) = default;
};

// The bytes of a piece are the attachment of its message.
struct Piece {
  std::string deployment;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // of the whole; 0: the coordinator no longer has it

  static constexpr auto fields =
      fields_in_order(required("deployment", &Piece::deployment), required("offset", &Piece::offset),
                      required("size", &Piece::size));
  friend bool operator==(const Piece&, const Piece&) = default;
};

}  // namespace fieldline

// What central sees of store and forward at a site, and what a person decides about parked messages.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"
#include "common/model/message.hpp"

namespace fieldline {

// How near a target is to what it may have.
enum class Filling {
  kNormal,
  kNearlyFull,  // 80 % of its bytes
  kFull,        // the last message was refused
};
template <>
inline constexpr std::array kEnumNames<Filling> = std::to_array<std::string_view>({"normal", "nearly-full",
                                                                                   "full"});

// The outbox for one target. `depth` counts the one under way too.
struct TargetStatus {
  bool blocked = false;    // it is an ordered target, and the first message can't be delivered
  std::int64_t bytes = 0;  // waiting and parked
  std::int64_t depth = 0;  // messages that wait
  Filling filling = Filling::kNormal;
  bool in_flight = false;             // a delivery is under way
  std::string last_error{};           // empty: the last delivery succeeded, or there was none
  std::optional<Timestamp> oldest{};  // when the first that waits was accepted
  std::int64_t parked = 0;
  Duration retry_interval{};
  std::int64_t retry_limit = 0;
  std::string target{};  // the key of an artifact: "external-systems/erp"

  static constexpr auto fields = fields_in_order(
      defaulted("blocked", &TargetStatus::blocked), defaulted("bytes", &TargetStatus::bytes),
      defaulted("depth", &TargetStatus::depth), defaulted("filling", &TargetStatus::filling),
      defaulted("in_flight", &TargetStatus::in_flight), defaulted("last_error", &TargetStatus::last_error),
      defaulted("oldest", &TargetStatus::oldest), defaulted("parked", &TargetStatus::parked),
      defaulted("retry_interval", &TargetStatus::retry_interval),
      defaulted("retry_limit", &TargetStatus::retry_limit), required("target", &TargetStatus::target));
  friend bool operator==(const TargetStatus&, const TargetStatus&) = default;
};

// Of a whole outbox, in a node's health.
struct OutboxHealth {
  std::int64_t bytes = 0;
  std::int64_t depth = 0;
  std::int64_t full = 0;  // targets, as are the nearly full
  std::int64_t nearly_full = 0;
  std::optional<Timestamp> oldest{};
  std::int64_t others = 0;  // targets with messages that are not in the list
  std::int64_t parked = 0;
  std::vector<TargetStatus> targets{};  // with messages: those that need a person most, first

  static constexpr auto fields = fields_in_order(
      defaulted("bytes", &OutboxHealth::bytes), defaulted("depth", &OutboxHealth::depth),
      defaulted("full", &OutboxHealth::full), defaulted("nearly_full", &OutboxHealth::nearly_full),
      defaulted("oldest", &OutboxHealth::oldest), defaulted("others", &OutboxHealth::others),
      defaulted("parked", &OutboxHealth::parked), defaulted("targets", &OutboxHealth::targets));
  friend bool operator==(const OutboxHealth&, const OutboxHealth&) = default;
};

struct OutboxQuery {
  std::string cursor{};

  static constexpr auto fields = fields_in_order(defaulted("cursor", &OutboxQuery::cursor));
  friend bool operator==(const OutboxQuery&, const OutboxQuery&) = default;
};

// Targets that ever had a message at this node, by name.
struct OutboxPage {
  bool delivers = false;  // false: it stands by, and its figures are those of what it has of its peer's
  bool drop_oldest = false;
  Duration max_age{};
  std::int64_t max_bytes = 0;  // of one target
  std::string next{};
  std::vector<TargetStatus> targets{};

  static constexpr auto fields = fields_in_order(
      required("delivers", &OutboxPage::delivers), defaulted("drop_oldest", &OutboxPage::drop_oldest),
      defaulted("max_age", &OutboxPage::max_age), defaulted("max_bytes", &OutboxPage::max_bytes),
      defaulted("next", &OutboxPage::next), required("targets", &OutboxPage::targets));
  friend bool operator==(const OutboxPage&, const OutboxPage&) = default;
};

// Conditions that are given must hold.
struct ParkedQuery {
  std::string cursor{};
  std::string instance{};
  std::int64_t limit = 100;
  std::string target{};

  static constexpr auto fields = fields_in_order(
      defaulted("cursor", &ParkedQuery::cursor), defaulted("instance", &ParkedQuery::instance),
      defaulted("limit", &ParkedQuery::limit), defaulted("target", &ParkedQuery::target));
  friend bool operator==(const ParkedQuery&, const ParkedQuery&) = default;
};

// Without what it says.
struct ParkedMessage {
  Timestamp accepted{};
  std::int64_t bytes = 0;
  MessageId id{};
  std::string instance{};
  Timestamp parked{};
  std::string reason{};
  std::string script{};
  std::string target{};

  static constexpr auto fields = fields_in_order(
      required("accepted", &ParkedMessage::accepted), defaulted("bytes", &ParkedMessage::bytes),
      required("id", &ParkedMessage::id), defaulted("instance", &ParkedMessage::instance),
      required("parked", &ParkedMessage::parked), defaulted("reason", &ParkedMessage::reason),
      defaulted("script", &ParkedMessage::script), required("target", &ParkedMessage::target));
  friend bool operator==(const ParkedMessage&, const ParkedMessage&) = default;
};

// By target, oldest first. It may be short, or empty, and not the last.
struct ParkedPage {
  std::vector<ParkedMessage> messages{};
  std::string next{};

  static constexpr auto fields =
      fields_in_order(required("messages", &ParkedPage::messages), defaulted("next", &ParkedPage::next));
  friend bool operator==(const ParkedPage&, const ParkedPage&) = default;
};

enum class MessageState {
  kUnknown,  // never seen at this node, or over for longer than that is kept
  kWaiting,
  kParked,
  kDelivered,
  kDiscarded,
  kDropped,  // by a target that was full
};
template <>
inline constexpr std::array kEnumNames<MessageState> =
    std::to_array<std::string_view>({"unknown", "waiting", "parked", "delivered", "discarded", "dropped"});

// What became of a message and, with `content`, what it says from `offset` on.
struct MessageQuery {
  bool content = false;
  MessageId id{};
  std::uint64_t offset = 0;

  static constexpr auto fields =
      fields_in_order(defaulted("content", &MessageQuery::content), required("id", &MessageQuery::id),
                      defaulted("offset", &MessageQuery::offset));
  friend bool operator==(const MessageQuery&, const MessageQuery&) = default;
};

// The bytes are the attachment of its message: a piece of what pack_message of common/wire gives.
struct MessagePiece {
  std::optional<Timestamp> accepted{};  // while it waits or is parked
  std::optional<Timestamp> at{};        // when it was parked, or ended
  std::string detail{};                 // why it is parked, what the target answered, who discarded it
  std::string instance{};               // while it waits or is parked, as is the script
  std::uint64_t offset = 0;
  std::string script{};
  std::uint64_t size = 0;  // of the whole; 0: its content was not asked for, or is gone
  MessageState state = MessageState::kUnknown;
  std::string target{};

  static constexpr auto fields = fields_in_order(
      defaulted("accepted", &MessagePiece::accepted), defaulted("at", &MessagePiece::at),
      defaulted("detail", &MessagePiece::detail), defaulted("instance", &MessagePiece::instance),
      defaulted("offset", &MessagePiece::offset), defaulted("script", &MessagePiece::script),
      defaulted("size", &MessagePiece::size), required("state", &MessagePiece::state),
      defaulted("target", &MessagePiece::target));
  friend bool operator==(const MessagePiece&, const MessagePiece&) = default;
};

// A piece as who asked gets it.
struct MessagePart {
  MessagePiece piece;
  std::string bytes{};
};

enum class Decision { kRetry, kDiscard };
template <>
inline constexpr std::array kEnumNames<Decision> = std::to_array<std::string_view>({"retry", "discard"});

// What a person decides about parked messages: one by its id, or all that match. One portion of them per
// question; only those that were parked when the first was asked.
struct ParkedDecision {
  std::string cursor{};
  Decision decision = Decision::kRetry;
  std::optional<MessageId> id{};
  std::string instance{};
  std::string target{};
  std::string who{};

  static constexpr auto fields = fields_in_order(
      defaulted("cursor", &ParkedDecision::cursor), required("decision", &ParkedDecision::decision),
      defaulted("id", &ParkedDecision::id), defaulted("instance", &ParkedDecision::instance),
      defaulted("target", &ParkedDecision::target), required("who", &ParkedDecision::who));
  friend bool operator==(const ParkedDecision&, const ParkedDecision&) = default;
};

// How many of this portion it was carried out for, or `code` says why for none.
struct ParkedDecided {
  std::string code{};
  std::int64_t count = 0;
  std::string message{};
  std::string next{};  // cursor of the next portion; empty: that was the last

  static constexpr auto fields =
      fields_in_order(defaulted("code", &ParkedDecided::code), defaulted("count", &ParkedDecided::count),
                      defaulted("message", &ParkedDecided::message), defaulted("next", &ParkedDecided::next));
  friend bool operator==(const ParkedDecided&, const ParkedDecided&) = default;
};

}  // namespace fieldline

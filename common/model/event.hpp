// What happened at a site, as its event log keeps it and as central asks for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.hpp"
#include "common/model/fields.hpp"

namespace fieldline {

enum class Severity { kDebug, kInfo, kWarning, kError, kCritical };
template <>
inline constexpr std::array kEnumNames<Severity> =
    std::to_array<std::string_view>({"debug", "info", "warning", "error", "critical"});

enum class Category { kAlarm, kConnection, kDeployment, kScript, kSystem };
template <>
inline constexpr std::array kEnumNames<Category> =
    std::to_array<std::string_view>({"alarm", "connection", "deployment", "script", "system"});

struct Event {
  Category category = Category::kSystem;
  std::string details;   // JSON object text, or empty
  std::int64_t id = 0;   // rises per node; given by the log
  std::string instance;  // empty: not about one instance
  std::string message;
  std::string node;  // who logged it
  Severity severity = Severity::kInfo;
  std::string source;  // "alarms/Level", "scripts/Control", "connections/plc1" …
  Timestamp time{};
  std::string trace_id;  // the deployment id, where there is one

  static constexpr auto fields =
      fields_in_order(required("category", &Event::category), defaulted("details", &Event::details),
                      required("id", &Event::id), defaulted("instance", &Event::instance),
                      required("message", &Event::message), defaulted("node", &Event::node),
                      required("severity", &Event::severity), defaulted("source", &Event::source),
                      required("time", &Event::time), defaulted("trace_id", &Event::trace_id));
  friend bool operator==(const Event&, const Event&) = default;
};

// All conditions given must hold; newest first.
struct EventQuery {
  std::optional<Category> category;
  std::string cursor;  // opaque, from the page before; empty: from the newest
  std::optional<Timestamp> from;
  std::string instance;
  std::int64_t limit = 500;
  std::optional<Severity> severity;  // at least this severe
  std::string text;                  // keyword, in message or source, case-insensitive
  std::optional<Timestamp> to;       // exclusive

  static constexpr auto fields =
      fields_in_order(defaulted("category", &EventQuery::category), defaulted("cursor", &EventQuery::cursor),
                      defaulted("from", &EventQuery::from), defaulted("instance", &EventQuery::instance),
                      defaulted("limit", &EventQuery::limit), defaulted("severity", &EventQuery::severity),
                      defaulted("text", &EventQuery::text), defaulted("to", &EventQuery::to));
  friend bool operator==(const EventQuery&, const EventQuery&) = default;
};

struct EventPage {
  std::vector<Event> events;
  std::string next;  // cursor of the next page; empty: the end

  static constexpr auto fields =
      fields_in_order(required("events", &EventPage::events), defaulted("next", &EventPage::next));
  friend bool operator==(const EventPage&, const EventPage&) = default;
};

}  // namespace fieldline

// The event log's statements: what is written, read and deleted, and the form of a cursor. Runs where
// the database runs it.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.hpp"
#include "common/model/event.hpp"

namespace fieldline::events {

// A place in the log: events sort by time, then by id. Nothing that is added or deleted moves it.
struct Position {
  std::int64_t time = 0;  // microseconds UTC
  std::int64_t id = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

std::string to_cursor(const Position& position);
Result<Position> parse_cursor(std::string_view cursor);

void insert_events(soci::session& sql, const std::vector<Event>& events);

// Newest first, older than `before`; ends at the limits of limits.hpp or at `query.limit`.
EventPage select_page(soci::session& sql, const EventQuery& query, const std::optional<Position>& before);

// Deletes up to kPurgeRows of the oldest; how many there were. Only those older than `before`, if given.
std::int64_t delete_oldest(soci::session& sql, const std::optional<Timestamp>& before);

// What the rows take of the file, free pages not counted.
std::int64_t used_bytes(soci::session& sql);

}  // namespace fieldline::events

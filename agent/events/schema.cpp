#include "agent/events/schema.hpp"

#include <array>

namespace fieldline::events {
namespace {

// Categories and severities are stored as their position in their enumeration, which never changes.
constexpr std::array kMigrations{
    sql::Migration{1, "events", R"(
      CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time INTEGER NOT NULL,  -- microseconds UTC
        severity INTEGER NOT NULL,
        category INTEGER NOT NULL,
        instance TEXT NOT NULL,
        source TEXT NOT NULL,
        message TEXT NOT NULL,
        details TEXT NOT NULL,
        node TEXT NOT NULL,
        trace_id TEXT NOT NULL
      ) STRICT;
      CREATE INDEX events_by_time ON events (time, id);
      CREATE INDEX events_by_instance ON events (instance, time, id);
    )"},
};

}  // namespace

std::span<const sql::Migration> migrations() {
  return kMigrations;
}

}  // namespace fieldline::events

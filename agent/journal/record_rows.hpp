// The rows of the journal's records. Runs where the database runs it; throws as SOCI does.
#pragma once

#include <soci/soci.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/record.hpp"
#include "agent/journal/statement.hpp"
#include "common/base/result.hpp"

namespace fieldline::journal {

// One row, as it is written and read. The views point to what the caller or the statement holds.
struct Row {
  Place place = 0;
  RecordKind kind = RecordKind::kOpened;
  std::int64_t epoch = 0;
  std::optional<std::int64_t> shelf;
  std::int64_t at = 0;
  std::optional<std::int64_t> node;
  std::optional<std::int64_t> number;
  std::int64_t size = 0;
  std::uint32_t crc = 0;
  std::string_view note;
  std::string_view bytes;
};

// The query for rows that row_at() reads.
std::string row_query(std::string_view condition);
Row row_at(const Statement& statement);

// Of everything in the row that never changes.
std::uint32_t check_of(const Row& row);
inline bool is_sound(const Row& row) {
  return row.crc == check_of(row) && row.size == static_cast<std::int64_t>(row.bytes.size());
}

// The place of the newest record, also of one that was set aside.
Place newest_place(soci::session& sql);
// Computes size and crc.
void insert_row(soci::session& sql, Row row);
void delete_row(soci::session& sql, Place place);
// Moves it to those that are damaged.
void set_row_aside(soci::session& sql, Place place);

// Names by their numbers, as the tables `nodes` and `targets` have them.
using Nodes = std::map<std::int64_t, NodeName>;
Nodes select_nodes(soci::session& sql);
std::map<std::string, std::int64_t> select_targets(soci::session& sql);
void insert_target(soci::session& sql, std::int64_t shelf, const std::string& target);
std::optional<std::string> target_of(soci::session& sql, std::int64_t shelf);

// Of the message in `row`.
MessageId id_of(const Row& row, const Nodes& nodes);
// As a peer reads it.
Record record_of(const Row& row, const Nodes& nodes);
// The whole message; an error when the row is not sound, or not of `target` where one is given.
Result<Message> message_of(const Row& row, const Nodes& nodes, std::string_view target);

std::map<std::int64_t, LaneCount> count_lanes(soci::session& sql);
// The messages on `shelf` after `after`, up to the limits of a window.
Window select_window(soci::session& sql, std::int64_t shelf, const std::string& target, Place after);
Records select_records(soci::session& sql, Place after);

}  // namespace fieldline::journal

#include "agent/journal/record_rows.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "agent/journal/crc32c.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/statement.hpp"
#include "common/base/check.hpp"
#include "common/sql/prepared.hpp"
#include "common/wire/outbox.hpp"

namespace fieldline::journal {
namespace {

constexpr std::string_view kColumns = "place, kind, epoch, shelf, at, node, number, size, crc, note, bytes";

struct InsertRow : Statement {
  explicit InsertRow(soci::session& sql)
      : Statement(sql,
                  "INSERT INTO records (place, kind, epoch, shelf, at, node, number, size, crc, note, bytes) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)") {}
};
struct NewestPlace : Statement {
  explicit NewestPlace(soci::session& sql)
      : Statement(sql,
                  "SELECT max((SELECT max(place) FROM records), (SELECT coalesce(max(place), 0) FROM "
                  "damaged))") {}
};
struct DeleteRow : Statement {
  explicit DeleteRow(soci::session& sql) : Statement(sql, "DELETE FROM records WHERE place = ?") {}
};

std::optional<std::int64_t> optional_at(const Statement& statement, int column) {
  if (statement.is_null(column)) return std::nullopt;
  return statement.integer(column);
}

Timestamp timestamp(std::int64_t micros) {
  return Timestamp(Duration(micros));
}

}  // namespace

std::string row_query(std::string_view condition) {
  return fmt::format("SELECT {} FROM records WHERE {}", kColumns, condition);
}

Row row_at(const Statement& statement) {
  return {statement.integer(0),
          static_cast<RecordKind>(statement.integer(1)),
          statement.integer(2),
          optional_at(statement, 3),
          statement.integer(4),
          optional_at(statement, 5),
          optional_at(statement, 6),
          statement.integer(7),
          static_cast<std::uint32_t>(statement.integer(8)),
          statement.bytes(9),
          statement.bytes(10)};
}

std::uint32_t check_of(const Row& row) {
  std::array<char, 34> head{};
  std::size_t at = 0;
  const auto put = [&](std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i, value >>= 8) head[at++] = static_cast<char>(value & 0xFF);
  };
  put(static_cast<std::uint64_t>(row.kind), 1);
  put(static_cast<std::uint64_t>(row.epoch), 8);
  put(static_cast<std::uint64_t>(row.number.value_or(row.place)), 8);
  put(static_cast<std::uint64_t>(row.node.value_or(0)), 8);
  put(static_cast<std::uint64_t>(row.at), 8);
  put(row.shelf ? 1 : 0, 1);
  return crc32c(row.bytes, crc32c(row.note, crc32c({head.data(), head.size()})));
}

Place newest_place(soci::session& sql) {
  auto& newest = sql::prepared<NewestPlace>(sql);
  FIELDLINE_CHECK(newest.step());
  const auto place = newest.integer(0);
  newest.reset();  // or it would hold its snapshot
  return place;
}

void insert_row(soci::session& sql, Row row) {
  row.size = static_cast<std::int64_t>(row.bytes.size());
  row.crc = check_of(row);
  auto& insert = sql::prepared<InsertRow>(sql);
  insert.bind(row.place)
      .bind(static_cast<std::int64_t>(row.kind))
      .bind(row.epoch)
      .bind(row.shelf)
      .bind(row.at);
  insert.bind(row.node).bind(row.number).bind(row.size).bind(static_cast<std::int64_t>(row.crc));
  if (row.note.empty())
    insert.bind(std::nullopt);
  else
    insert.text(row.note);
  insert.blob(row.bytes).run();
}

void delete_row(soci::session& sql, Place place) {
  sql::prepared<DeleteRow>(sql).bind(place).run();
}

void set_row_aside(soci::session& sql, Place place) {
  Statement copy(sql, "INSERT INTO damaged SELECT * FROM records WHERE place = ?");
  copy.bind(place).run();
  delete_row(sql, place);
}

Nodes select_nodes(soci::session& sql) {
  Nodes nodes;
  Statement rows(sql, "SELECT id, site, node FROM nodes");
  while (rows.step()) nodes[rows.integer(0)] = {std::string(rows.bytes(1)), std::string(rows.bytes(2))};
  return nodes;
}

std::map<std::string, std::int64_t> select_targets(soci::session& sql) {
  std::map<std::string, std::int64_t> targets;
  Statement rows(sql, "SELECT target, shelf FROM targets");
  while (rows.step()) targets.emplace(rows.bytes(0), rows.integer(1));
  return targets;
}

void insert_target(soci::session& sql, std::int64_t shelf, const std::string& target) {
  Statement insert(sql, "INSERT INTO targets (shelf, target) VALUES (?, ?) ON CONFLICT DO NOTHING");
  insert.bind(shelf).text(target).run();
}

std::optional<std::string> target_of(soci::session& sql, std::int64_t shelf) {
  Statement one(sql, "SELECT target FROM targets WHERE shelf = ?");
  if (!one.bind(shelf).step()) return std::nullopt;
  return std::string(one.bytes(0));
}

MessageId id_of(const Row& row, const Nodes& nodes) {
  const auto& [site, node] = nodes.at(row.node.value_or(1));
  return {static_cast<std::uint64_t>(row.epoch), node,
          static_cast<std::uint64_t>(row.number.value_or(row.place)), site};
}

Record record_of(const Row& row, const Nodes& nodes) {
  Record record{row.place,
                row.kind,
                static_cast<std::uint64_t>(row.epoch),
                timestamp(row.at),
                {},
                std::string(row.note),
                0,
                std::string(row.bytes)};
  if (row.kind == RecordKind::kMessage || row.kind == RecordKind::kParked) record.id = id_of(row, nodes);
  record.crc = check_of(record);
  return record;
}

Result<Message> message_of(const Row& row, const Nodes& nodes, std::string_view target) {
  const auto damaged = [] { return fail(ErrorCode::kCorrupt, "its bytes do not have their check any more"); };
  if (!is_sound(row) || !nodes.contains(row.node.value_or(1))) return damaged();
  auto message = wire::unpack_message(row.bytes);
  if (!message) return message;
  if (!target.empty() && message->target != target) return damaged();
  message->id = id_of(row, nodes);
  return message;
}

std::map<std::int64_t, LaneCount> count_lanes(soci::session& sql) {
  std::map<std::int64_t, LaneCount> lanes;
  Statement counts(
      sql,
      "SELECT c.shelf, c.messages, c.bytes, c.newest, r.at FROM (SELECT shelf, count(*) AS messages, "
      "sum(size) AS bytes, min(place) AS first, max(place) AS newest FROM records WHERE shelf <> 0 "
      "GROUP BY shelf) AS c JOIN records AS r ON r.place = c.first");
  while (counts.step()) {
    const auto shelf = counts.integer(0);
    if (shelf < 0) {
      lanes[-shelf].parked = counts.integer(1);
      lanes[-shelf].parked_bytes = counts.integer(2);
      continue;
    }
    auto& lane = lanes[shelf];
    lane.messages = counts.integer(1);
    lane.bytes = counts.integer(2);
    lane.newest = counts.integer(3);
    lane.oldest = timestamp(counts.integer(4));
  }
  return lanes;
}

Window select_window(soci::session& sql, std::int64_t shelf, const std::string& target, Place after) {
  Window window;
  window.through = after;
  const auto nodes = select_nodes(sql);
  Statement rows(
      sql,
      row_query(fmt::format("shelf = ? AND place > ? ORDER BY place LIMIT {}", kWindowMessages)).c_str());
  rows.bind(shelf).bind(after);
  std::size_t bytes = 0;
  while (bytes < kWindowBytes && rows.step()) {
    const auto row = row_at(rows);
    bytes += row.bytes.size();
    window.through = row.place;
    auto message = message_of(row, nodes, target);
    if (message)
      window.messages.push_back({row.place, row.size, std::move(*message)});
    else
      window.damaged.push_back({row.place, row.size});
  }
  return window;
}

Records select_records(soci::session& sql, Place after) {
  Records batch;
  batch.newest = newest_place(sql);
  batch.through = after;
  Statement pruned(sql, "SELECT pruned FROM node");
  const auto lacks = pruned.step() ? pruned.integer(0) : 0;
  // Past the newest: this file was set back.
  batch.gap = after > batch.newest || (after > 0 && after < lacks);
  if (batch.gap) return batch;
  const auto nodes = select_nodes(sql);
  Statement rows(sql, row_query("place > ? ORDER BY place").c_str());
  rows.bind(after);
  std::size_t bytes = 0;
  while (rows.step()) {
    const auto row = row_at(rows);
    bytes += row.bytes.size() + row.note.size() + 64;
    if (bytes > kRecordBytes && !batch.records.empty()) return batch;
    batch.through = row.place;
    if (!is_sound(row)) continue;
    batch.records.push_back(record_of(row, nodes));
  }
  batch.through = batch.newest;
  return batch;
}

}  // namespace fieldline::journal

#include "agent/journal/move_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/journal/limits.hpp"
#include "agent/journal/parked_rows.hpp"
#include "agent/journal/peer_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/settled_rows.hpp"
#include "agent/journal/statement.hpp"

namespace fieldline::journal {
namespace {

// A row that its statement may forget.
struct OwnRow {
  Row row;
  std::string note;
  std::string bytes;

  [[nodiscard]] Row read() const {
    auto same = row;
    same.note = note;
    same.bytes = bytes;
    return same;
  }
  // As it stands elsewhere: it bears its id.
  [[nodiscard]] Row at(Place place) const {
    auto moved = read();
    moved.place = place;
    moved.node = row.node.value_or(1);
    moved.number = row.number.value_or(row.place);
    return moved;
  }
};

std::vector<OwnRow> take_rows(Statement& rows, std::size_t most) {
  std::vector<OwnRow> taken;
  std::size_t bytes = 0;
  while (taken.size() < most && bytes < kWindowBytes && rows.step()) {
    const auto row = row_at(rows);
    bytes += row.bytes.size();
    taken.push_back({row, std::string(row.note), std::string(row.bytes)});
  }
  rows.reset();
  return taken;
}

bool is_of(const ParkedFilter& filter, const OwnRow& own, const Nodes& nodes) {
  if (filter.instance.empty()) return true;
  const auto message = message_of(own.at(own.row.place), nodes, {});
  return message && message->instance == filter.instance;
}

struct OwnRows {
  std::vector<OwnRow> rows;
  std::string next;
};

// The parked rows that match, a portion of them.
OwnRows parked_rows(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                    const Nodes& nodes) {
  OwnRows matching;
  auto at = ParkedPlace::read(cursor, sql);
  ParkedRows rows(sql, filter, at);
  while (matching.rows.size() < kMoveBatch && rows.step()) {
    const auto row = rows.row();
    OwnRow own{row, std::string(row.note), std::string(row.bytes)};
    at.shelf = row.shelf.value_or(0);
    at.place = row.place;
    if (is_of(filter, own, nodes)) matching.rows.push_back(std::move(own));
  }
  if (matching.rows.size() == kMoveBatch || rows.is_cut()) matching.next = at.text();
  return matching;
}

Moved& moved_of(std::vector<Moved>& moved, soci::session& sql, std::int64_t shelf) {
  auto target = target_of(sql, shelf).value_or("");
  const auto same = [&](const Moved& one) { return one.target == target; };
  const auto found = std::find_if(moved.begin(), moved.end(), same);
  return found != moved.end() ? *found : moved.emplace_back(Moved{std::move(target), 0, 0, 0});
}

// The peer has it at its new place too.
void move_row(soci::session& sql, Place from, const Row& to) {
  delete_row(sql, from);
  insert_row(sql, to);
  if (is_shared(sql, from)) share(sql, {to.place, to.place});
}

void count(Moved& moved, const Row& row, Place place) {
  moved.bytes += row.size;
  ++moved.messages;
  moved.newest = place;
}

}  // namespace

Result<> park_row(soci::session& sql, Place place, const std::string& reason, Timestamp now, Place& parked) {
  Statement one(sql, row_query("place = ? AND shelf > 0").c_str());
  one.bind(place);
  const auto rows = take_rows(one, 1);
  if (rows.empty()) return fail(ErrorCode::kNotFound, "the message does not wait any more");
  // Damage that came since the lane read it gets no new check.
  if (!is_sound(rows.front().read()))
    return fail(ErrorCode::kCorrupt, "the message is damaged and stays where it is");
  parked = newest_place(sql) + 1;
  auto row = rows.front().at(parked);
  row.kind = RecordKind::kParked;
  row.shelf = -*row.shelf;
  row.at = now.time_since_epoch().count();
  row.note = reason;
  move_row(sql, place, row);
  return {};
}

Result<> retry_rows(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                    MovedPortion& portion) {
  const auto nodes = select_nodes(sql);
  auto place = newest_place(sql);
  auto parked = parked_rows(sql, filter, cursor, nodes);
  portion.next = std::move(parked.next);
  for (const auto& own : parked.rows) {
    const auto message = message_of(own.at(own.row.place), nodes, {});
    if (!message) {
      set_row_aside(sql, own.row.place);
      continue;
    }
    auto row = own.at(++place);
    row.kind = RecordKind::kMessage;
    row.shelf = -*row.shelf;
    row.at = message->accepted.time_since_epoch().count();
    row.note = {};
    move_row(sql, own.row.place, row);
    count(moved_of(portion.moved, sql, *row.shelf), row, place);
  }
  return {};
}

Result<> discard_rows(soci::session& sql, const ParkedFilter& filter, const std::string& cursor,
                      const EndedBy& by, MovedPortion& portion) {
  const auto nodes = select_nodes(sql);
  const auto place = newest_place(sql) + 1;
  auto parked = parked_rows(sql, filter, cursor, nodes);
  portion.next = std::move(parked.next);
  std::vector<Settled> settled;
  for (const auto& own : parked.rows) {
    const auto row = own.at(own.row.place);
    settled.push_back({{row.place, id_of(row, nodes), Ending::kDiscarded, by.at, by.detail}, -*row.shelf});
    delete_row(sql, row.place);
    count(moved_of(portion.moved, sql, -*row.shelf), row, place);
  }
  insert_settled(sql, place, settled, by.epoch);
  return {};
}

Result<> drop_rows(soci::session& sql, std::int64_t shelf, Place after, const Surplus& surplus,
                   const EndedBy& by, Moved& dropped) {
  const auto nodes = select_nodes(sql);
  const auto place = newest_place(sql) + 1;
  Statement rows(sql, row_query("shelf = ? AND place > ? ORDER BY place").c_str());
  rows.bind(shelf).bind(after);
  std::vector<Settled> settled;
  for (const auto& own : take_rows(rows, kMoveBatch)) {
    const auto row = own.at(own.row.place);
    const bool is_old = surplus.before && row.at < surplus.before->time_since_epoch().count();
    if (dropped.bytes >= surplus.bytes && !is_old) break;
    settled.push_back({{row.place, id_of(row, nodes), Ending::kDropped, by.at, by.detail}, shelf});
    delete_row(sql, row.place);
    count(dropped, row, row.place);
  }
  insert_settled(sql, place, settled, by.epoch);
  return {};
}

}  // namespace fieldline::journal

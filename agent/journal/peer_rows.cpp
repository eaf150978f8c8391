#include "agent/journal/peer_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "agent/journal/crc32c.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/statement.hpp"
#include "common/base/check.hpp"
#include "common/sql/prepared.hpp"

namespace fieldline::journal {
namespace {

struct SelectPeer : Statement {
  explicit SelectPeer(soci::session& sql)
      : Statement(
            sql,
            "SELECT journal, stream, epoch, place, acked, level, applied, wrote, swept, former, crc FROM "
            "peer") {}
};
struct UpdatePeer : Statement {
  explicit UpdatePeer(soci::session& sql)
      : Statement(sql,
                  "UPDATE peer SET journal = ?, stream = ?, epoch = ?, place = ?, acked = ?, level = ?, "
                  "applied = ?, wrote = ?, swept = ?, former = ?, crc = ?") {}
};

std::int64_t check_of(const Peer& peer) {
  const auto& [journal, stream, epoch, place] = peer.reach;
  return crc32c(fmt::format("{} {} {} {} {} {} {} {} {} {}", journal, stream, epoch, place, peer.acked,
                            peer.level, peer.applied, peer.wrote, peer.swept.value_or(-1), peer.former));
}

// Messages or what says that some have ended; not states.
bool any_between(soci::session& sql, Place after, Place before) {
  Statement any(sql,
                "SELECT 1 FROM records WHERE place > ? AND place < ? AND (shelf <> 0 OR kind = 3) LIMIT 1");
  return any.bind(after).bind(before).step();
}

// After `after` and up to `newest`: where nothing stands that the peer is known to have.
std::vector<Stretch> holes(soci::session& sql, Place after, Place newest) {
  std::vector<Stretch> found;
  auto next = after + 1;
  Statement rows(sql, "SELECT first, last FROM shared ORDER BY first");
  while (rows.step()) {
    if (rows.integer(0) > next) found.push_back({next, std::min(rows.integer(0) - 1, newest)});
    next = std::max(next, rows.integer(1) + 1);
  }
  if (next <= newest) found.push_back({next, newest});
  return found;
}

}  // namespace

Peer select_peer(soci::session& sql) {
  auto& row = sql::prepared<SelectPeer>(sql);
  FIELDLINE_CHECK(row.step());
  Peer peer{{std::string(row.bytes(0)), std::string(row.bytes(1)), static_cast<std::uint64_t>(row.integer(2)),
             row.integer(3)},
            row.integer(4),
            row.integer(5),
            row.integer(6),
            row.integer(7),
            {}};
  if (!row.is_null(8)) peer.swept = row.integer(8);
  peer.former = row.integer(9);
  const bool is_sound = row.integer(10) == check_of(peer);
  row.reset();
  return is_sound ? peer : Peer{};
}

void update_peer(soci::session& sql, const Peer& peer) {
  auto& update = sql::prepared<UpdatePeer>(sql);
  const auto& [journal, stream, epoch, place] = peer.reach;
  update.text(journal).text(stream).bind(static_cast<std::int64_t>(epoch)).bind(place);
  update.bind(peer.acked)
      .bind(peer.level)
      .bind(peer.applied)
      .bind(peer.wrote)
      .bind(peer.swept)
      .bind(peer.former);
  update.bind(check_of(peer)).run();
}

Standing select_standing(soci::session& sql) {
  return {newest_place(sql), select_peer(sql)};
}

void share(soci::session& sql, const Stretch& stretch) {
  if (stretch.last < stretch.first) return;
  Statement before(sql, "SELECT first, last FROM shared WHERE first <= ? ORDER BY first DESC LIMIT 1");
  auto first = stretch.first;
  auto last = stretch.last;
  if (before.bind(first).step() &&
      (before.integer(1) >= first - 1 || !any_between(sql, before.integer(1), first))) {
    first = before.integer(0);
    last = std::max(last, before.integer(1));
  }
  before.reset();
  Statement insert(sql,
                   "INSERT INTO shared VALUES (?, ?) ON CONFLICT (first) DO UPDATE SET last = excluded.last");
  insert.bind(first).bind(last).run();
}

void share_through(soci::session& sql, Place place) {
  Statement(sql, "DELETE FROM shared WHERE last <= ?").bind(place).run();
  Statement insert(sql,
                   "INSERT INTO shared VALUES (0, ?) ON CONFLICT (first) DO UPDATE SET last = max(last, "
                   "excluded.last)");
  insert.bind(place).run();
}

void share_nothing(soci::session& sql) {
  Statement(sql, "DELETE FROM shared").run();
}

bool is_shared(soci::session& sql, Place place) {
  Statement last(sql, "SELECT max(last) FROM shared WHERE first <= ?");
  return last.bind(place).step() && !last.is_null(0) && last.integer(0) >= place;
}

Records select_unshared(soci::session& sql, Place after) {
  Records batch;
  batch.newest = newest_place(sql);
  const auto nodes = select_nodes(sql);
  Statement rows(sql, row_query("place BETWEEN ? AND ? AND (shelf <> 0 OR kind = 3) ORDER BY place").c_str());
  std::size_t bytes = 0;
  for (const auto& hole : holes(sql, after, batch.newest)) {
    rows.bind(hole.first).bind(hole.last);
    while (rows.step()) {
      const auto row = row_at(rows);
      bytes += row.bytes.size() + row.note.size() + 64;
      if (bytes > kRecordBytes && !batch.records.empty()) return batch;
      batch.through = row.place;
      if (is_sound(row)) batch.records.push_back(record_of(row, nodes));
    }
  }
  batch.through = batch.newest;
  return batch;
}

}  // namespace fieldline::journal

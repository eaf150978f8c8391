#include "agent/journal/follow_rows.hpp"

#include <utility>

#include "agent/journal/damage_rows.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/peer_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/shelving.hpp"
#include "agent/journal/statement.hpp"

namespace fieldline::journal {
namespace {

Failure disjoint(const char* why) {
  return fail(ErrorCode::kConflict, why);
}

Result<> put_all(Shelving& shelving, const std::vector<Arrival>& arrivals) {
  for (const auto& arrival : arrivals) {
    const auto& record = arrival.record;
    Result<> put;
    switch (record.kind) {
      case RecordKind::kOpened:
        break;
      case RecordKind::kMessage:
      case RecordKind::kParked:
        put = shelving.put(arrival);
        break;
      case RecordKind::kSettled:
        put = shelving.end(arrival.settled, record.epoch);
        break;
      case RecordKind::kState:
        shelving.put_state(record);
        break;
      case RecordKind::kForgotten:
        shelving.forget(record);
        break;
    }
    if (!put) return put;
  }
  return {};
}

// Where nothing but the peer's records came since the last of them, nothing did now.
void stay_level(soci::session& sql, const Shelving& shelving) {
  auto peer = select_peer(sql);
  if (peer.applied != shelving.before()) return;
  peer.applied = shelving.newest();
  update_peer(sql, peer);
}

Ending ending_of(Fate fate) {
  switch (fate) {
    case Fate::kDiscarded:
      return Ending::kDiscarded;
    case Fate::kDropped:
      return Ending::kDropped;
    default:
      return Ending::kDelivered;
  }
}

}  // namespace

Result<> apply_rows(soci::session& sql, const Reach& reached, const std::vector<Arrival>& arrivals,
                    LaneChanges& changes) {
  auto peer = select_peer(sql);
  Shelving shelving(sql);
  if (peer.reach.journal != reached.journal) return disjoint("it is another journal: it takes a snapshot");
  const bool goes_on = !peer.swept && peer.level > 0 && shelving.before() == peer.acked;
  if (shelving.before() != peer.applied && !goes_on)
    return disjoint("this node has written since: it takes a snapshot");
  if (!peer.swept && !goes_on && peer.reach.place == 0) return disjoint("it takes a snapshot first");
  if (auto put = put_all(shelving, arrivals); !put) return put;
  if (shelving.before() != peer.applied) peer.wrote = shelving.before();
  share(sql, {shelving.before() + 1, shelving.newest()});
  shelving.tell_ended();
  peer.reach = reached;
  peer.applied = shelving.newest();
  update_peer(sql, peer);
  changes = shelving.changes();
  return {};
}

void begin_snapshot_rows(soci::session& sql, const std::string& journal, bool set_back) {
  auto [newest, peer] = select_standing(sql);
  if (newest != peer.applied) peer.wrote = newest;
  if (peer.reach.journal != journal || set_back) {
    share_nothing(sql);
    peer.acked = 0;
    peer.level = 0;
    peer.former = 0;
  } else if (!peer.swept) {
    peer.former = peer.reach.place;
  }
  peer.reach = {journal, "", 0, 0};
  peer.applied = newest;
  peer.swept = newest;
  update_peer(sql, peer);
}

Result<> sweep_rows(soci::session& sql, Place after, std::int64_t at, std::uint64_t epoch, Sweep& sweep) {
  auto peer = select_peer(sql);
  if (!peer.swept) return disjoint("no snapshot is under way");
  Shelving shelving(sql);
  if (shelving.before() != peer.applied) return disjoint("this node has written since: it takes a snapshot");
  if (after == 0) {
    shelving.close(at, epoch);
    // Its disk was set back: what it had before it does not have any more.
    if (peer.reach.place < peer.former) share_nothing(sql);
    Statement(sql, "DELETE FROM kept WHERE place <= ?").bind(*peer.swept).run();
  }
  Statement rows(
      sql,
      "SELECT place, shelf, size FROM records WHERE place > ? AND place <= ? AND shelf IS NOT NULL "
      "ORDER BY place LIMIT ?");
  rows.bind(after).bind(*peer.swept).bind(kSweepRows);
  struct Found {
    Place place;
    std::int64_t shelf;
    std::int64_t size;
  };
  std::vector<Found> found;
  while (rows.step()) found.push_back({rows.integer(0), rows.integer(1), rows.integer(2)});
  for (const auto& [place, shelf, size] : found) {
    if (shelf == 0 || is_shared(sql, place)) shelving.remove(place, shelf, size);
  }
  sweep.done = static_cast<std::int64_t>(found.size()) < kSweepRows;
  sweep.through = found.empty() ? after : found.back().place;
  sweep.changes = shelving.changes();
  peer.applied = shelving.newest();
  if (sweep.done) peer.swept.reset();
  update_peer(sql, peer);
  return {};
}

void ack_rows(soci::session& sql, const std::string& journal, Place place, Place level) {
  auto peer = select_peer(sql);
  if (peer.reach.journal != journal) {
    share_nothing(sql);
    peer.reach = {journal, "", 0, 0};
    peer.former = 0;
    peer.swept.reset();
  }
  peer.acked = place;
  peer.level = level;
  update_peer(sql, peer);
  share_through(sql, place);
}

Result<> adopt_rows(soci::session& sql, const std::vector<Arrival>& arrivals, LaneChanges& changes,
                    std::vector<Fate>& fates) {
  Shelving shelving(sql);
  for (const auto& arrival : arrivals) {
    const auto fate = shelving.adopt(arrival);
    if (!fate) return fail(fate.error());
    fates.push_back(*fate);
  }
  changes = shelving.changes();
  return {};
}

Result<> resolve_rows(soci::session& sql, const std::vector<Place>& places, const std::vector<Fate>& fates,
                      const EndedBy& by, LaneChanges& changes) {
  Shelving shelving(sql);
  std::vector<Settlement> ended;
  const auto nodes = select_nodes(sql);
  Statement rows(sql, row_query("place = ? AND (shelf <> 0 OR kind = 3)").c_str());
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool is_there = rows.bind(places[i]).step();
    if (is_there && fates[i] == Fate::kLive)
      share(sql, {places[i], places[i]});
    else if (const auto row = is_there ? row_at(rows) : Row{}; row.shelf)
      ended.push_back({row.place, id_of(row, nodes), ending_of(fates[i]), by.at, by.detail});
    rows.reset();
  }
  if (auto written = shelving.end(ended, by.epoch); !written) return written;
  share(sql, {shelving.before() + 1, shelving.newest()});
  stay_level(sql, shelving);
  changes = shelving.changes();
  return {};
}

Result<> restore_rows(soci::session& sql, const std::vector<Arrival>& arrivals, std::int64_t at,
                      std::uint64_t epoch, LaneChanges& changes) {
  Shelving shelving(sql);
  for (const auto& arrival : arrivals) {
    delete_damaged(sql, *arrival.record.id);
    if (auto put = shelving.adopt(arrival); !put) return fail(put.error());
  }
  if (shelving.newest() == shelving.before()) shelving.close(at, epoch);  // the damaged one may be the newest
  share(sql, {shelving.before() + 1, shelving.newest()});
  stay_level(sql, shelving);
  changes = shelving.changes();
  return {};
}

}  // namespace fieldline::journal

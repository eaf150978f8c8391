// What the journal does with records of the other node.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/journal/damage_rows.hpp"
#include "agent/journal/journal.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/move_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/shelving.hpp"
#include "agent/journal/statement.hpp"
#include "common/base/check.hpp"

namespace fieldline::journal {

// What a write that let something in leaves.
struct Journal::Followed {
  LaneChanges changes{};
  std::vector<Fate> fates{};
};

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

// In its own file nothing of this node's may stand between what was applied: what the peer has could not be
// told any more.
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

void begin_snapshot_rows(soci::session& sql, const std::string& journal) {
  auto [newest, peer] = select_standing(sql);
  if (newest != peer.applied) peer.wrote = newest;
  if (peer.reach.journal != journal) {
    share_nothing(sql);
    peer.acked = 0;
    peer.level = 0;
  }
  peer.reach = {journal, "", 0, 0};
  peer.applied = newest;
  peer.swept = newest;
  update_peer(sql, peer);
}

struct Sweep {
  LaneChanges changes{};
  Place through = 0;
  bool done = false;
};

// A portion of what a snapshot did not name, so that an accept never waits long for its turn.
Result<> sweep_rows(soci::session& sql, Place after, std::int64_t at, std::uint64_t epoch, Sweep& sweep) {
  auto peer = select_peer(sql);
  if (!peer.swept) return disjoint("no snapshot is under way");
  Shelving shelving(sql);
  if (shelving.before() != peer.applied) return disjoint("this node has written since: it takes a snapshot");
  if (after == 0) {
    shelving.close(at, epoch);
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
    peer.swept.reset();
  }
  peer.acked = place;
  peer.level = level;
  update_peer(sql, peer);
  share_through(sql, place);
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

// What stands there may have moved meanwhile: then it is offered again.
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

}  // namespace

JournalPosition Journal::position() const {
  const auto& peer = standing_.peer;
  const auto sequence = [](Place place) { return static_cast<std::uint64_t>(place); };
  const auto own = standing_.newest != peer.applied ? standing_.newest : peer.wrote;
  const JournalPosition wrote = own == 0 ? JournalPosition{} : JournalPosition{epoch_, sequence(own)};
  if (peer.swept) return wrote;
  return std::max(wrote, JournalPosition{peer.reach.epoch, sequence(peer.reach.place)});
}

Place Journal::level() const {
  return even_ && standing_.newest == standing_.peer.applied ? standing_.newest : 0;
}

void Journal::stand(const Standing& standing) {
  const bool grew = standing.newest > standing_.newest && standing.newest != standing.peer.applied;
  standing_.peer = standing.peer;
  standing_.newest = std::max(standing_.newest, standing.newest);
  const auto& peer = standing_.peer;
  followed_ = peer.reach;
  if (peer.swept || standing_.newest != peer.applied) {
    const bool is_level = !peer.swept && peer.level > 0 && standing_.newest == peer.acked;
    followed_.stream.clear();
    followed_.place = is_level ? peer.level : 0;
  }
  if (!grew) return;
  even_ = false;
  if (!growth_ || std::exchange(growth_posted_, true)) return;
  loop_.post([this, self = std::weak_ptr(self_)] {
    if (self.expired()) return;
    growth_posted_ = false;
    if (growth_) growth_();
  });
}

// Gives each message the shelf of its target.
Result<> Journal::shelve(std::vector<Arrival>& arrivals) {
  for (auto& arrival : arrivals) {
    if (arrival.target.empty()) continue;
    if (!shelves_.contains(arrival.target) && shelves_.size() >= kTargets)
      return fail(ErrorCode::kExhausted, "the journal has messages for too many targets");
    arrival.shelf = shelf_of(arrival.target);
  }
  return {};
}

void Journal::follow(Result<std::vector<Arrival>> arrivals,
                     std::function<Result<>(soci::session&, const std::vector<Arrival>&, Followed&)> write,
                     Done<std::vector<Fate>> done) {
  if (arrivals) {
    if (auto shelved = shelve(*arrivals); !shelved) arrivals = fail(std::move(shelved.error()));
  }
  if (!arrivals) {
    loop_.post([done, error = arrivals.error()] { done(fail(error)); });
    return;
  }
  std::vector<std::pair<std::int64_t, std::string>> targets;
  for (const auto& [target, shelf] : shelves_) {
    if (!shelf.durable) targets.emplace_back(shelf.number, target);
  }
  submit<Followed>(
      [arrivals = std::move(*arrivals), targets, write = std::move(write)](soci::session& sql,
                                                                           Followed& followed) {
        for (const auto& [shelf, target] : targets) insert_target(sql, shelf, target);
        return write(sql, arrivals, followed);
      },
      [this, targets, done](Result<Followed> followed) {
        if (!followed) return done(fail(std::move(followed.error())));
        for (const auto& [shelf, target] : targets) shelves_[target].durable = true;
        if (lanes_ && !followed->changes.empty()) lanes_(followed->changes);
        done(std::move(followed->fates));
      });
}

// For those that answer nothing else.
Journal::Done<std::vector<Fate>> Journal::only_outcome(Done<> done) {
  return [done = std::move(done)](const Result<std::vector<Fate>>& outcome) {
    done(outcome ? Result<>() : fail(outcome.error()));
  };
}

void Journal::apply(const Reach& reached, std::vector<Record> records, Done<> done) {
  FIELDLINE_DCHECK(loop_.here());
  auto arrivals = examine(std::move(records), node_.site);
  if (arrivals && !arrivals->empty() && arrivals->back().record.place > reached.place)
    arrivals = fail(ErrorCode::kInvalid, "a record stands behind the end of its batch");
  follow(
      std::move(arrivals),
      [reached](soci::session& sql, const std::vector<Arrival>& let_in, Followed& followed) {
        return apply_rows(sql, reached, let_in, followed.changes);
      },
      only_outcome(std::move(done)));
}

void Journal::begin_snapshot(const std::string& journal, Done<> done) {
  even_ = false;
  follow(
      {},
      [journal](soci::session& sql, const std::vector<Arrival>&, Followed&) -> Result<> {
        begin_snapshot_rows(sql, journal);
        return {};
      },
      only_outcome(std::move(done)));
}

void Journal::end_snapshot(Done<> done) {
  sweep(0, std::move(done));
}

void Journal::sweep(Place after, Done<> done) {
  const auto portion = std::make_shared<Sweep>();
  follow(
      {},
      [portion, after, at = micros(loop_.clock().utc()), epoch = epoch_](
          soci::session& sql, const std::vector<Arrival>&, Followed& followed) {
        auto swept = sweep_rows(sql, after, at, epoch, *portion);
        followed.changes = std::move(portion->changes);
        return swept;
      },
      [this, portion, done = std::move(done)](const Result<std::vector<Fate>>& swept) {
        if (!swept) return done(fail(swept.error()));
        if (portion->done) return done({});
        sweep(portion->through, done);
      });
}

void Journal::acked(const std::string& journal, Place place, Place level) {
  const auto& peer = standing_.peer;
  if (place > standing_.newest || place < 0 || level < 0) return;  // no such record was ever sent
  if (peer.reach.journal == journal && peer.acked == place && peer.level == level) return;
  submit<bool>(
      [journal, place, level](soci::session& sql, bool&) -> Result<> {
        ack_rows(sql, journal, place, level);
        return {};
      },
      [](const Result<bool>& written) {
        if (!written) spdlog::error("what the peer has could not be kept: {}", written.error().describe());
      });
}

void Journal::unshared(Place after, Done<Records> reply) {
  read<Records>([after](soci::session& sql) -> Result<Records> { return select_unshared(sql, after); },
                [this, after, reply = std::move(reply)](Result<Records> records) {
                  if (records && after == 0)
                    even_ = records->records.empty() && records->newest == standing_.newest;
                  reply(std::move(records));
                });
}

void Journal::adopt(std::vector<Record> records, Done<std::vector<Fate>> done) {
  follow(
      examine_tail(std::move(records), node_.site),
      [](soci::session& sql, const std::vector<Arrival>& arrivals, Followed& followed) {
        return adopt_rows(sql, arrivals, followed.changes, followed.fates);
      },
      std::move(done));
}

void Journal::resolve(const std::vector<Place>& places, const std::vector<Fate>& fates, Done<> done) {
  FIELDLINE_CHECK(places.size() == fates.size());
  follow(
      {},
      [places, fates, by = EndedBy{"by the other node", loop_.clock().utc(), epoch_}](
          soci::session& sql, const std::vector<Arrival>&, Followed& followed) {
        return resolve_rows(sql, places, fates, by, followed.changes);
      },
      only_outcome(std::move(done)));
}

void Journal::find(const std::vector<MessageId>& ids, Done<std::vector<Record>> reply) {
  read<std::vector<Record>>(
      [ids](soci::session& sql) -> Result<std::vector<Record>> { return select_messages(sql, ids); },
      std::move(reply));
}

void Journal::restore(std::vector<Record> records, Done<> done) {
  std::vector<MessageId> ids;
  for (const auto& record : records) {
    if (record.id) ids.push_back(*record.id);
  }
  follow(
      examine_messages(std::move(records), node_.site),
      [at = micros(loop_.clock().utc()), epoch = epoch_](
          soci::session& sql, const std::vector<Arrival>& arrivals, Followed& followed) {
        return restore_rows(sql, arrivals, at, epoch, followed.changes);
      },
      only_outcome([this, ids = std::move(ids), done = std::move(done)](const Result<>& restored) {
        const auto is_back = [&](const MessageId& id) {
          return std::find(ids.begin(), ids.end(), id) != ids.end();
        };
        if (restored) std::erase_if(wanted_, is_back);
        done(restored);
      }));
}

}  // namespace fieldline::journal

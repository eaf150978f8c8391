// What the journal does with records of the other node.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "agent/journal/follow_rows.hpp"
#include "agent/journal/journal.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/shelving.hpp"
#include "common/base/check.hpp"

namespace fieldline::journal {

// What a write that let something in leaves.
struct Journal::Followed {
  LaneChanges changes{};
  std::vector<Fate> fates{};
};

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

void Journal::begin_snapshot(const std::string& journal, Done<> done, bool set_back) {
  even_ = false;
  follow(
      {},
      [journal, set_back](soci::session& sql, const std::vector<Arrival>&, Followed&) -> Result<> {
        begin_snapshot_rows(sql, journal, set_back);
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

#include "agent/journal/journal.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "agent/journal/damage_rows.hpp"
#include "agent/journal/limits.hpp"
#include "agent/journal/move_rows.hpp"
#include "agent/journal/parked_rows.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/settled_rows.hpp"
#include "common/base/check.hpp"
#include "common/base/utf8.hpp"
#include "common/wire/outbox.hpp"

namespace fieldline::journal {
namespace {

// Nothing ever stands there. At 0 stand the states that are kept.
constexpr auto kNoShelf = std::numeric_limits<std::int64_t>::max();

}  // namespace

// Messages that share one write.
struct Journal::Batch {
  std::vector<Entry> entries;
  std::vector<std::pair<std::int64_t, std::string>> new_targets;
  std::uint64_t epoch = 0;
  Place first = 0;  // once it is written

  Result<> write(soci::session& sql) {
    for (const auto& [shelf, target] : new_targets) insert_target(sql, shelf, target);
    first = newest_place(sql) + 1;
    Row row;
    row.place = first;
    row.kind = RecordKind::kMessage;
    row.epoch = static_cast<std::int64_t>(epoch);
    for (const auto& entry : entries) {
      row.shelf = entry.shelf;
      row.at = entry.at;
      row.bytes = entry.bytes;
      insert_row(sql, row);
      ++row.place;
    }
    return {};
  }
};

Journal::Journal(sql::Database& database, Executor& loop, NodeName self, std::string stream)
    : database_(database),
      loop_(loop),
      node_(std::move(self)),
      stream_(std::move(stream)),
      self_(std::make_shared<Journal*>(this)) {}

Result<std::unique_ptr<Journal>> Journal::open(sql::Database& database, Executor& loop, NodeName self,
                                               std::string stream) {
  std::unique_ptr<Journal> journal(new Journal(database, loop, std::move(self), std::move(stream)));
  if (auto read = journal->read(); !read) return fail(std::move(read.error()));
  return journal;
}

Result<> Journal::begin_anew(sql::Database& database, Timestamp now) {
  return database.write_now([now](soci::session& sql) -> Result<> {
    rename_rows(sql, now);
    return {};
  });
}

Result<> Journal::read() {
  auto named = database_.write_now([self = node_, journal = stream_, now = loop_.clock().utc()](
                                       soci::session& sql) { return open_rows(sql, self, journal, now); });
  if (!named) return named;
  auto contents = database_.read_now([](soci::session& sql) {
    return std::tuple(select_epoch(sql), select_targets(sql), count_lanes(sql), select_journal(sql),
                      select_standing(sql), select_wanted(sql));
  });
  if (!contents) return fail(std::move(contents.error()));
  auto& [epoch, targets, lanes, journal, standing, wanted] = *contents;
  epoch_ = epoch_asked_ = epoch;
  journal_ = std::move(journal);
  wanted_ = std::move(wanted);
  standing_.newest = standing.newest;
  stand(standing);
  for (const auto& [target, number] : targets) {
    shelves_[target] = {number, true};
    if (const auto lane = lanes.find(number); lane != lanes.end()) found_[target] = lane->second;
  }
  return {};
}

void Journal::start() {
  schedule_prune();
}

void Journal::raise_epoch(std::uint64_t epoch, Done<> done) {
  if (epoch <= epoch_ && position().epoch > 0) {
    loop_.post([done] { done({}); });
    return;
  }
  // One that is asked for while a higher one is on its way to the disk may not undo it.
  epoch_asked_ = std::max(epoch_asked_, epoch);
  submit<bool>(
      [asked = epoch_asked_](soci::session& sql, bool&) -> Result<> {
        update_epoch(sql, asked);
        return {};
      },
      [this, asked = epoch_asked_, done](const Result<bool>& written) {
        if (!written) return done(fail(written.error()));
        epoch_ = std::max(epoch_, asked);
        done({});
      });
}

std::int64_t Journal::shelf_of(const std::string& target) {
  auto& shelf = shelves_[target];
  if (shelf.number == 0) shelf.number = static_cast<std::int64_t>(shelves_.size());
  return shelf.number;
}

std::int64_t Journal::known_shelf(const std::string& target) const {
  const auto shelf = shelves_.find(target);
  return shelf == shelves_.end() ? kNoShelf : shelf->second.number;
}

void Journal::accept(const Message& message, Done<Accepted> done) {
  FIELDLINE_DCHECK(loop_.here());
  const auto refuse = [&](ErrorCode code, std::string why) {
    loop_.post([done, code, why = std::move(why)] { done(fail(code, why)); });
  };
  Entry entry{0, micros(message.accepted), wire::pack_message(message), done};
  if (entry.bytes.size() > kMessageBytes) {
    return refuse(ErrorCode::kTooLarge, fmt::format("the message takes {} bytes; the limit is {}",
                                                    entry.bytes.size(), kMessageBytes));
  }
  if (waiting_.size() >= kAcceptsWaiting)
    return refuse(ErrorCode::kExhausted, "too many messages wait for the disk: try again later");
  if (!shelves_.contains(message.target) && shelves_.size() >= kTargets)
    return refuse(ErrorCode::kExhausted,
                  fmt::format("a node keeps messages for at most {} targets", kTargets));
  entry.shelf = shelf_of(message.target);
  waiting_.push_back(std::move(entry));
  if (in_flight_ > 0) {
    if (waiting_.size() >= kWorthAWrite) send_batch();
  } else if (!std::exchange(turn_posted_, true)) {
    // On a turn of its own: what else is accepted in this one goes with it.
    loop_.post([this, self = std::weak_ptr(self_)] {
      if (self.expired()) return;
      turn_posted_ = false;
      send_batch();
    });
  }
}

void Journal::send_batch() {
  if (waiting_.empty() || in_flight_ >= kAcceptsInFlight) return;
  ++in_flight_;
  const auto batch = std::make_shared<Batch>();
  batch->epoch = epoch_;
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kAcceptBatch));
  batch->entries.assign(std::make_move_iterator(waiting_.begin()),
                        std::make_move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  // Those whose first write is still under way go with this one too: that one may fail.
  for (const auto& [target, shelf] : shelves_) {
    if (!shelf.durable) batch->new_targets.emplace_back(shelf.number, target);
  }
  const auto settled = [this, self = std::weak_ptr(self_), batch](const Result<>& outcome) {
    if (!self.expired()) settle_batch(*batch, outcome);
  };
  auto queued = database_.submit([batch](soci::session& sql) { return batch->write(sql); }, settled, loop_);
  if (!queued) loop_.post([settled, queued] { settled(queued); });
}

void Journal::settle_batch(Batch& batch, const Result<>& outcome) {
  --in_flight_;
  if (outcome) {
    for (const auto& [number, target] : batch.new_targets) shelves_[target].durable = true;
    auto standing = standing_;
    standing.newest = batch.first + static_cast<Place>(batch.entries.size()) - 1;
    stand(standing);
  }
  if (!outcome) look_at(outcome.error());
  auto place = batch.first;
  for (const auto& entry : batch.entries) {
    if (!outcome) {
      entry.done(fail(outcome.error()));
      continue;
    }
    MessageId id{batch.epoch, node_.node, static_cast<std::uint64_t>(place), node_.site};
    entry.done(Accepted{std::move(id), place, static_cast<std::int64_t>(entry.bytes.size())});
    ++place;
  }
  send_batch();
}

void Journal::window(const std::string& target, Place after, Done<Window> reply) {
  read<Window>([shelf = known_shelf(target), target, after](
                   soci::session& sql) -> Result<Window> { return select_window(sql, shelf, target, after); },
               [this, reply = std::move(reply)](Result<Window> window) {
                 if (!window || window->damaged.empty()) return reply(std::move(window));
                 std::vector<Place> places;
                 for (const auto& row : window->damaged) places.push_back(row.place);
                 submit<std::vector<MessageId>>(
                     [places](soci::session& sql, std::vector<MessageId>& ids) -> Result<> {
                       ids = set_messages_aside(sql, places);
                       return {};
                     },
                     [this](const Result<std::vector<MessageId>>& ids) {
                       if (!ids) return spdlog::error("damaged messages stay: {}", ids.error().describe());
                       const auto room = kWanted - std::min(kWanted, wanted_.size());
                       const auto count = static_cast<std::ptrdiff_t>(std::min(room, ids->size()));
                       wanted_.insert(wanted_.end(), ids->begin(), ids->begin() + count);
                     });
                 reply(std::move(window));
               });
}

void Journal::settle(std::vector<Settlement> settlements, Done<> done) {
  FIELDLINE_CHECK(settlements.size() <= kSettleBatch);
  for (auto& settlement : settlements) {
    settlement.detail = cut_utf8(without_nul(settlement.detail), kDetailBytes);
  }
  submit<bool>([settlements = std::move(settlements), epoch = epoch_](
                   soci::session& sql, bool&) { return write_settled(sql, settlements, epoch); },
               [done](const Result<bool>& written) { done(written ? Result<>() : fail(written.error())); });
}

void Journal::park(Place place, std::string reason, Done<Place> done) {
  reason = cut_utf8(without_nul(reason), kReasonBytes);
  submit<Place>([place, reason = std::move(reason), now = loop_.clock().utc()](
                    soci::session& sql, Place& parked) { return park_row(sql, place, reason, now, parked); },
                std::move(done));
}

void Journal::retry(const ParkedFilter& filter, const std::string& cursor, Done<MovedPortion> done) {
  submit<MovedPortion>(
      [filter, cursor](soci::session& sql, MovedPortion& portion) {
        return retry_rows(sql, filter, cursor, portion);
      },
      std::move(done));
}

void Journal::discard(const ParkedFilter& filter, const std::string& cursor, std::string detail,
                      Done<MovedPortion> done) {
  detail = cut_utf8(without_nul(detail), kDetailBytes);
  submit<MovedPortion>(
      [filter, cursor, detail = std::move(detail), epoch = epoch_, now = loop_.clock().utc()](
          soci::session& sql, MovedPortion& portion) {
        return discard_rows(sql, filter, cursor, {detail, now, epoch}, portion);
      },
      std::move(done));
}

void Journal::drop(const std::string& target, Place after, std::int64_t bytes,
                   std::optional<Timestamp> before, Done<Moved> done) {
  submit<Moved>(
      [shelf = known_shelf(target), target, after, bytes, before, epoch = epoch_, now = loop_.clock().utc()](
          soci::session& sql, Moved& dropped) {
        dropped.target = target;
        return drop_rows(sql, shelf, after, {bytes, before}, {"", now, epoch}, dropped);
      },
      std::move(done));
}

void Journal::parked(const ParkedFilter& filter, const std::string& cursor, std::int64_t limit,
                     Done<ParkedPage> reply) {
  const auto most = std::clamp<std::int64_t>(limit, 1, kPageEntries);
  read<ParkedPage>(
      [filter, cursor, most](soci::session& sql) -> Result<ParkedPage> {
        return select_parked(sql, filter, cursor, most);
      },
      std::move(reply));
}

void Journal::live(const MessageId& id, Done<LiveMessage> reply) {
  read<LiveMessage>([id](soci::session& sql) { return select_live(sql, id); }, std::move(reply));
}

void Journal::proof(const MessageId& id, Done<Proof> reply) {
  read<Proof>([id](soci::session& sql) { return select_proof(sql, id); }, std::move(reply));
}

void Journal::records(Place after, Done<Records> reply) {
  read<Records>([after](soci::session& sql) -> Result<Records> { return select_records(sql, after); },
                std::move(reply));
}

void Journal::newest(Done<Place> reply) {
  read<Place>([](soci::session& sql) -> Result<Place> { return newest_place(sql); }, std::move(reply));
}

// What is wrong with one row names no database.
void Journal::look_at(const Error& error) {
  if (error.code != ErrorCode::kCorrupt || error.where.empty()) return;
  if (const auto tell = std::exchange(damage_, nullptr)) tell(error);
}

// A portion at a time, so that accepts go in between.
void Journal::schedule_prune() {
  loop_.after(kPruneInterval, [this, self = std::weak_ptr(self_)] {
    if (self.expired()) return;
    submit<bool>(
        [now = loop_.clock().utc()](soci::session& sql, bool&) -> Result<> {
          prune_rows(sql, now);
          return {};
        },
        [this](const Result<bool>& pruned) {
          if (!pruned) spdlog::error("the journal could not be pruned: {}", pruned.error().describe());
          schedule_prune();
        });
  });
}

}  // namespace fieldline::journal

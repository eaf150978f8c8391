// The journal of one node: messages that it accepted or has from its peer, what became of each, and what
// instances keep, in one file and in one order. What is answered is on the disk. Refuses messages over 60 KiB
// and more than its queues hold; sets rows aside whose check fails. Lives on the agent's loop: every call and
// answer is there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/journal/arrival.hpp"
#include "agent/journal/peer_rows.hpp"
#include "agent/journal/record.hpp"
#include "common/base/check.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/lease.hpp"
#include "common/sql/database.hpp"

namespace fieldline::journal {

class Journal {
 public:
  template <class T = void>
  using Done = std::function<void(Result<T>)>;

  // Reads how much waits; waits for the disk. Both outlive it. `database` is opened with migrations() of
  // schema.hpp, `stream` is random.
  static Result<std::unique_ptr<Journal>> open(sql::Database& database, Executor& loop, NodeName self,
                                               std::string stream);
  // Of a file that lost what was written last; before open(), and waits for the disk. It gets another name,
  // so that the peer takes nothing in it for known, and goes on at places that it has not given to a message
  // yet.
  static Result<> begin_anew(sql::Database& database, Timestamp now);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Prunes now and then what nobody reads any more.
  void start();

  // Of the file: a reader that followed another one has nothing of this.
  [[nodiscard]] const std::string& journal() const { return journal_; }
  // New each time that the journal is opened; a reader goes on where it was.
  [[nodiscard]] const std::string& stream() const { return stream_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  // Of what is accepted from now on, durable before it is answered. A lower or equal one is success at once.
  void raise_epoch(std::uint64_t epoch, Done<> done);

  // What each target had waiting and parked when the journal was opened.
  [[nodiscard]] const std::map<std::string, LaneCount>& found() const { return found_; }

  // Gives the message its id and keeps it; what waits meanwhile goes with the next write. kTooLarge,
  // kInvalid: text that is not UTF-8; kExhausted: the queue, or the disk is full.
  void accept(const Message& message, Done<Accepted> done);
  // The messages of a lane after `after`, in order. Sets aside what is damaged.
  void window(const std::string& target, Place after, Done<Window> reply);
  // Their lives are over; at most kSettleBatch.
  void settle(std::vector<Settlement> settlements, Done<> done);
  // Takes a waiting message out of its lane until a person decides. Answers its new place.
  void park(Place place, std::string reason, Done<Place> done);
  // Parked messages wait again, at the end of their lanes; up to kMoveBatch a call. An empty cursor begins
  // with all that are parked now, `next` of the answer goes on; empty: there are no more of them.
  void retry(const ParkedFilter& filter, const std::string& cursor, Done<MovedPortion> done);
  // The same, but they end, and their proof names `detail`.
  void discard(const ParkedFilter& filter, const std::string& cursor, std::string detail,
               Done<MovedPortion> done);
  // Ends the oldest messages of a lane after `after`: until `bytes` are freed, and all that were accepted
  // before `before`; up to kMoveBatch a call. Answers how many, and through which place.
  void drop(const std::string& target, Place after, std::int64_t bytes, std::optional<Timestamp> before,
            Done<Moved> done);

  // By target, oldest first; at most `limit` and 30 KiB. It may be short, or empty, and not the last.
  void parked(const ParkedFilter& filter, const std::string& cursor, std::int64_t limit,
              Done<ParkedPage> reply);
  // Whole, while it waits or is parked; else kNotFound. kCorrupt: it is damaged.
  void live(const MessageId& id, Done<LiveMessage> reply);
  // kNotFound when it has not ended, or ended longer ago than proofs are kept.
  void proof(const MessageId& id, Done<Proof> reply);
  // What came after `after`, in order, at most 64 KiB. From 0 on it is all that is live.
  void records(Place after, Done<Records> reply);
  // At least the place of all that was answered.
  void newest(Done<Place> reply);

  // What instances find again after a restart. All of `instance`; an empty map when that is nothing.
  void kept(const std::string& instance, Done<KeptStates> reply);
  // Adds or replaces these, all or none. kTooLarge: over 60 KiB one, or 1 MiB an instance.
  void keep(const std::string& instance, KeptStates changed, Done<> done);
  void forget(const std::string& instance, Done<> done);
  // Both wait for the disk, before start(). Keeps what was kept elsewhere, by instance; what is too large for
  // a record is left out, with a word in the log.
  Result<> carry_over(const std::map<std::string, KeptStates>& states);
  // Forgets all other instances.
  Result<> forget_but(const std::set<std::string>& instances);

  // Told once, when a read or a write finds that the file is no whole database any more.
  void on_damage(std::function<void(const Error&)> listener) { damage_ = std::move(listener); }

  // The pair. Told, once for many, when records of this node's own are durable.
  void on_growth(std::function<void()> listener) { growth_ = std::move(listener); }
  // Told when the messages of targets changed by records of the other node.
  void on_lanes(std::function<void(const LaneChanges&)> listener) { lanes_ = std::move(listener); }
  // What is durable here of the peer's journal, and where to go on. Place 0: only a snapshot will do.
  [[nodiscard]] const Reach& followed() const { return followed_; }
  // The later of what this node wrote while it was active, and what it has of the peer's journal.
  [[nodiscard]] JournalPosition position() const;
  // Of this journal, when the peer needs nothing of it up to there but what it wrote itself; else 0. Goes
  // with each acknowledgement.
  [[nodiscard]] Place level() const;

  // The next records of the peer, perhaps none, and how far that reaches. kInvalid: damaged or not what the
  // peer may send, and nothing of it is applied; kConflict: they do not join what is here, see followed().
  void apply(const Reach& reached, std::vector<Record> records, Done<> done);
  // All that the peer has comes next, by apply(). `set_back`: its file reaches less far than it did, so
  // nothing that it was known to have is taken for known.
  void begin_snapshot(const std::string& journal, Done<> done, bool set_back = false);
  // What was here before and did not come goes: states, and messages that the peer is known to have had. The
  // others stay, to be offered.
  void end_snapshot(Done<> done);
  // The peer has all records through `place` durable. `level` is what its level() said.
  void acked(const std::string& journal, Place place, Place level);
  // Live messages and endings after `after` of which the peer is not known to have heard, at most 64 KiB.
  void unshared(Place after, Done<Records> reply);
  // Takes over what a peer offers of these; answers, for each in order, what has become of it here.
  void adopt(std::vector<Record> records, Done<std::vector<Fate>> done);
  // What the peer answered to what stands at these places: it has ended, or need not be offered again.
  void resolve(const std::vector<Place>& places, const std::vector<Fate>& fates, Done<> done);

  // Messages whose rows are damaged here.
  [[nodiscard]] const std::vector<MessageId>& wanted() const { return wanted_; }
  // Those of them that are live here and whole, up to 64 KiB.
  void find(const std::vector<MessageId>& ids, Done<std::vector<Record>> reply);
  // They wait again, at the end of their lanes.
  void restore(std::vector<Record> records, Done<> done);

 private:
  struct Entry {
    std::int64_t shelf = 0;
    std::int64_t at = 0;
    std::string bytes;
    Done<Accepted> done;
  };
  struct Batch;

  Journal(sql::Database& database, Executor& loop, NodeName self, std::string stream);
  struct Followed;

  Result<> read();
  std::int64_t shelf_of(const std::string& target);
  [[nodiscard]] std::int64_t known_shelf(const std::string& target) const;
  void send_batch();
  void settle_batch(Batch& batch, const Result<>& outcome);
  template <class T>
  void submit(std::function<Result<>(soci::session&, T&)> write, Done<T> done);
  template <class T>
  void read(std::function<Result<T>(soci::session&)> query, Done<T> reply);
  // One that lets in what is of the other node.
  void follow(Result<std::vector<Arrival>> arrivals,
              std::function<Result<>(soci::session&, const std::vector<Arrival>&, Followed&)> write,
              Done<std::vector<Fate>> done);
  Result<> shelve(std::vector<Arrival>& arrivals);
  static Done<std::vector<Fate>> only_outcome(Done<> done);
  void sweep(Place after, Done<> done);
  Result<> write_now(const sql::Database::Write& write);
  void set_states_aside(const std::string& instance, std::vector<Place> damaged);
  void stand(const Standing& standing);
  void schedule_prune();
  void look_at(const Error& error);

  sql::Database& database_;
  Executor& loop_;
  const NodeName node_;
  const std::string stream_;
  std::string journal_;
  Standing standing_;
  Reach followed_;
  std::vector<MessageId> wanted_;
  std::function<void(const Error&)> damage_;
  std::function<void()> growth_;
  bool growth_posted_ = false;
  bool even_ = false;  // nothing stood here that the peer did not have
  std::function<void(const LaneChanges&)> lanes_;
  std::uint64_t epoch_ = 1;
  std::uint64_t epoch_asked_ = 1;  // at least epoch_: what is durable or on its way
  std::map<std::string, LaneCount> found_;

  struct Shelf {
    std::int64_t number = 0;
    bool durable = false;
  };
  std::map<std::string, Shelf> shelves_;
  std::deque<Entry> waiting_;
  std::size_t in_flight_ = 0;
  bool turn_posted_ = false;
  std::shared_ptr<Journal*> self_;  // late answers to a journal that is gone find it empty
};

// Runs `write`, which leaves its answer in a T, as one transaction.
template <class T>
void Journal::submit(std::function<Result<>(soci::session&, T&)> write, Done<T> done) {
  FIELDLINE_DCHECK(loop_.here());
  struct Answer {
    T answer{};
    Standing standing{};
  };
  const auto kept = std::make_shared<Answer>();
  const auto settled = [this, self = std::weak_ptr(self_), kept, done](Result<> outcome) {
    if (self.expired()) return;
    if (outcome)
      stand(kept->standing);
    else
      look_at(outcome.error());
    done(outcome ? Result<T>(std::move(kept->answer)) : fail(std::move(outcome.error())));
  };
  auto queued = database_.submit(
      [write = std::move(write), kept](soci::session& sql) -> Result<> {
        kept->answer = T{};
        if (auto written = write(sql, kept->answer); !written) return written;
        kept->standing = select_standing(sql);
        return {};
      },
      settled, loop_);
  if (!queued) loop_.post([settled, queued] { settled(queued); });
}

template <class T>
void Journal::read(std::function<Result<T>(soci::session&)> query, Done<T> reply) {
  FIELDLINE_DCHECK(loop_.here());
  const auto answered = [this, self = std::weak_ptr(self_), reply](Result<T> answer) {
    if (self.expired()) return;
    if (!answer) look_at(answer.error());
    reply(std::move(answer));
  };
  auto queued = database_.read(std::move(query), answered, loop_);
  if (!queued) {
    loop_.post([self = std::weak_ptr(self_), reply, error = queued.error()] {
      if (!self.expired()) reply(fail(error));
    });
  }
}

}  // namespace fieldline::journal

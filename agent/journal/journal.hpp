// The journal of one node: the messages that it accepted, and what became of each, in one file and in one
// order. What is answered is on the disk. Refuses messages over 60 KiB and more than its queues hold; sets
// rows aside whose check fails. Lives on the agent's loop: every call and answer is there.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/record.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
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
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Prunes now and then what nobody reads any more.
  void start();

  // New each time that the journal is opened: a reader that followed another one starts again.
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
  // Parked messages wait again, at the end of their lanes; up to kMoveBatch a call. Nothing moved: there
  // are no more of them at or before `until`, which is newest() when the work began.
  void retry(const ParkedFilter& filter, Place until, Done<std::vector<Moved>> done);
  // The same, but they end, and their proof names `detail`.
  void discard(const ParkedFilter& filter, Place until, std::string detail, Done<std::vector<Moved>> done);
  // Ends the oldest messages of a lane after `after`: until `bytes` are freed, and all that were accepted
  // before `before`; up to kMoveBatch a call. Answers how many, and through which place.
  void drop(const std::string& target, Place after, std::int64_t bytes, std::optional<Timestamp> before,
            Done<Moved> done);

  // By target (or of all, with an empty one), oldest first; at most `limit` and 30 KiB.
  void parked(const std::string& target, const std::string& cursor, std::int64_t limit,
              Done<ParkedPage> reply);
  // kNotFound when it has not ended, or ended longer ago than proofs are kept.
  void proof(const MessageId& id, Done<Proof> reply);
  // What came after `after`, in order, at most 64 KiB. From 0 on it is all that is live.
  void records(Place after, Done<Records> reply);
  // At least the place of all that was answered.
  void newest(Done<Place> reply);

 private:
  struct Entry {
    std::int64_t shelf = 0;
    std::int64_t at = 0;
    std::string bytes;
    Done<Accepted> done;
  };
  struct Batch;

  Journal(sql::Database& database, Executor& loop, NodeName self, std::string stream);
  Result<> read();
  std::int64_t shelf_of(const std::string& target);
  [[nodiscard]] std::int64_t known_shelf(const std::string& target) const;
  void send_batch();
  void settle_batch(Batch& batch, const Result<>& outcome);
  template <class T>
  void submit(std::function<Result<>(soci::session&, T&)> write, Done<T> done);
  template <class T>
  void read(std::function<Result<T>(soci::session&)> query, Done<T> reply);
  void schedule_prune();

  sql::Database& database_;
  Executor& loop_;
  const NodeName node_;
  const std::string stream_;
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

}  // namespace fieldline::journal

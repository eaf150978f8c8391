// The site event log of one node, on a database of its own. Keeps what is appended for a time and up
// to a size; refuses nothing that is appended, but drops and counts what the disk can't keep up with.
// append: any thread; all else, and every answer, on the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/model/event.hpp"
#include "common/sql/database.hpp"

namespace fieldline::events {

struct Retention {
  Duration age = std::chrono::hours(24 * 30);
  std::int64_t bytes = std::int64_t{512} << 20;  // the oldest go first when there is more
  Duration purge_at = std::chrono::hours(3);     // time of day, UTC
};

class EventLog {
 public:
  using PageReply = std::function<void(Result<EventPage>)>;

  // Both outlive the log. `database` is opened with migrations() of schema.hpp.
  EventLog(sql::Database& database, Executor& loop, std::string node, const Retention& retention);
  // Hands what waits to the database.
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // Purges now and then once a day.
  void start();

  // The log gives `id` and `node`, and `time` where there is none; texts over their limits are cut.
  void append(Event event);

  // Newest first, up to `limit`, 500 and 30 KiB. A page can be short, even empty, and still have a
  // `next`: the conditions are rare and the log is long. kInvalid: a cursor that is not of this log.
  void query(const EventQuery& query, PageReply reply);

  // Events that never reached the disk, since start.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  void write_pending();
  void settle(std::size_t count, std::uint64_t reported, const Result<>& outcome);
  void schedule_purge();
  void purge();
  void purge_step(std::int64_t dropped_early);

  sql::Database& database_;
  Executor& loop_;
  const std::string node_;
  const Retention retention_;

  mutable std::mutex mutex_;
  std::vector<Event> pending_;
  bool writing_ = false;
  std::uint64_t lost_ = 0;
  std::uint64_t unreported_ = 0;  // lost, and not yet said in the log itself
  std::size_t since_size_check_ = 0;

  bool purging_ = false;
  Timestamp next_purge_{};
  std::shared_ptr<EventLog*> self_;  // late answers to a log that is gone find it empty
};

}  // namespace fieldline::events

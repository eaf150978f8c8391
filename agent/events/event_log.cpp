#include "agent/events/event_log.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/events/event_rows.hpp"
#include "agent/events/limits.hpp"
#include "common/base/check.hpp"
#include "common/base/utf8.hpp"

namespace fieldline::events {
namespace {

// Cuts at a whole UTF-8 character and shows that it was cut.
void cut(std::string& text, std::size_t most) {
  constexpr std::string_view kEllipsis = "…";
  if (text.size() <= most) return;
  auto end = most - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += kEllipsis;
}

// As the log keeps it.
void cut(Event& event) {
  for (auto* text : {&event.message, &event.instance, &event.source, &event.trace_id, &event.details}) {
    if (text->find('\0') != std::string::npos) *text = without_nul(*text);
  }
  cut(event.message, kMessageBytes);
  cut(event.instance, kNameBytes);
  cut(event.source, kNameBytes);
  cut(event.trace_id, kNameBytes);
  // Half a JSON document is none.
  if (event.details.size() > kDetailsBytes) event.details = R"({"omitted":"too long"})";
}

Event own_event(Severity severity, std::string message) {
  Event event;
  event.severity = severity;
  event.source = "events";
  event.message = std::move(message);
  return event;
}

// The next time that the clock shows `time_of_day`.
Timestamp next_at(Timestamp now, Duration time_of_day) {
  const auto today = std::chrono::floor<std::chrono::days>(now) + time_of_day;
  return today > now ? today : today + std::chrono::days(1);
}

}  // namespace

EventLog::EventLog(sql::Database& database, Executor& loop, std::string node, const Retention& retention)
    : database_(database),
      loop_(loop),
      node_(std::move(node)),
      retention_(retention),
      self_(std::make_shared<EventLog*>(this)) {}

EventLog::~EventLog() {
  if (pending_.empty()) return;
  const auto queued = database_.submit(
      [events = std::move(pending_)](soci::session& sql) -> Result<> {
        insert_events(sql, events);
        return {};
      },
      [](const Result<>&) {}, loop_);
  if (!queued) spdlog::warn("events that waited at the end are lost: {}", queued.error().describe());
}

void EventLog::start() {
  purge();
  next_purge_ = next_at(loop_.clock().utc(), retention_.purge_at);
  schedule_purge();
}

void EventLog::append(Event event) {
  if (event.time == Timestamp{}) event.time = loop_.clock().utc();
  event.node = node_;
  cut(event);
  {
    const std::lock_guard lock(mutex_);
    if (pending_.size() >= kPending) {
      ++lost_;
      ++unreported_;
      return;
    }
    pending_.push_back(std::move(event));
  }
  write_pending();
}

void EventLog::write_pending() {
  std::vector<Event> batch;
  std::uint64_t reported = 0;
  {
    const std::lock_guard lock(mutex_);
    if (writing_ || pending_.empty()) return;
    writing_ = true;
    const auto count = static_cast<std::ptrdiff_t>(std::min(pending_.size(), kBatch));
    batch.assign(std::make_move_iterator(pending_.begin()),
                 std::make_move_iterator(pending_.begin() + count));
    pending_.erase(pending_.begin(), pending_.begin() + count);
    // Said once, when the flood is over.
    if (pending_.size() < kPending / 2) reported = std::exchange(unreported_, 0);
  }
  const auto count = batch.size();
  if (reported > 0) {
    auto notice = own_event(Severity::kWarning,
                            fmt::format("lost events: {}; the disk could not keep up with them", reported));
    notice.node = node_;
    notice.time = loop_.clock().utc();
    batch.push_back(std::move(notice));
  }
  const auto settled = [this, self = std::weak_ptr(self_), count, reported](const Result<>& outcome) {
    if (!self.expired()) settle(count, reported, outcome);
  };
  auto queued = database_.submit(
      [events = std::move(batch)](soci::session& sql) -> Result<> {
        insert_events(sql, events);
        return {};
      },
      settled, loop_);
  if (!queued) loop_.post([settled, queued] { settled(queued); });
}

void EventLog::settle(std::size_t count, std::uint64_t reported, const Result<>& outcome) {
  bool look_at_size = false;
  {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (outcome) {
      since_size_check_ += count;
    } else {
      lost_ += count;
      unreported_ += count + reported;
    }
    look_at_size = since_size_check_ >= kSizeCheckEvents;
    if (look_at_size) since_size_check_ = 0;
  }
  if (!outcome) spdlog::error("{} events could not be written: {}", count, outcome.error().describe());
  if (look_at_size) purge();
  write_pending();
}

void EventLog::query(const EventQuery& query, PageReply reply) {
  FIELDLINE_DCHECK(loop_.here());
  std::optional<Position> before;
  if (!query.cursor.empty()) {
    const auto parsed = parse_cursor(query.cursor);
    if (!parsed) {
      loop_.post([reply = std::move(reply), error = parsed.error()] { reply(fail(error)); });
      return;
    }
    before = *parsed;
  }
  auto queued = database_.read(
      [query, before](soci::session& sql) { return select_page(sql, query, before); }, reply, loop_);
  if (!queued) loop_.post([reply, error = queued.error()] { reply(fail(error)); });
}

std::uint64_t EventLog::lost() const {
  const std::lock_guard lock(mutex_);
  return lost_;
}

// The wall clock may be set while a timer runs, so the wait for its hour is made of short ones.
void EventLog::schedule_purge() {
  const auto wait = std::min<Duration>(kClockCheck, next_purge_ - loop_.clock().utc());
  loop_.after(wait, [this, self = std::weak_ptr(self_)] {
    if (self.expired()) return;
    const auto now = loop_.clock().utc();
    if (now >= next_purge_) purge();
    next_purge_ = next_at(now, retention_.purge_at);
    schedule_purge();
  });
}

void EventLog::purge() {
  if (std::exchange(purging_, true)) return;
  purge_step(0);
}

// Deletes a portion of what is too old, or else of what is too much, and goes on until neither is left.
void EventLog::purge_step(std::int64_t dropped_early) {
  struct Portion {
    std::int64_t old = 0;
    std::int64_t early = 0;
  };
  const auto portion = std::make_shared<Portion>();
  const auto settled = [this, self = std::weak_ptr(self_), portion, dropped_early](const Result<>& outcome) {
    if (self.expired()) return;
    const auto dropped = dropped_early + portion->early;
    if (outcome && portion->old + portion->early > 0) return purge_step(dropped);
    purging_ = false;
    if (!outcome) spdlog::error("the event log could not be purged: {}", outcome.error().describe());
    if (dropped > 0) {
      append(own_event(Severity::kWarning,
                       fmt::format("the log reached its size limit: its {} oldest events were "
                                   "deleted before their time",
                                   dropped)));
    }
  };
  auto queued = database_.submit(
      [portion, cutoff = loop_.clock().utc() - retention_.age,
       most = retention_.bytes](soci::session& sql) -> Result<> {
        portion->old = delete_oldest(sql, cutoff);
        if (portion->old == 0 && used_bytes(sql) > most) portion->early = delete_oldest(sql, std::nullopt);
        return {};
      },
      settled, loop_);
  if (!queued) loop_.post([settled, queued] { settled(queued); });
}

}  // namespace fieldline::events

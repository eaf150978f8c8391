#include "agent/events/event_log.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <optional>
#include <thread>

#include "agent/events/event_rows.hpp"
#include "agent/events/limits.hpp"
#include "agent/events/schema.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "common/sql/threaded_database.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::events {
namespace {

using namespace std::chrono_literals;

Event event(std::string message) {
  Event event;
  event.message = std::move(message);
  return event;
}

class Log {
 public:
  explicit Log(Retention retention = {}) : retention_(retention) { open(); }

  void open() {
    log_.reset();
    database_.reset();
    loop_ = time.executor();
    auto database =
        sql::open_inline({folder_.connection("events.db"), "events", migrations()}, time.executor(), 2ms);
    REQUIRE(database);
    database_ = std::move(*database);
    log_.emplace(*database_, *loop_, "a", retention_);
    log_->start();
    time.run_for(100ms);
  }

  // Appends and waits until it is on the disk.
  void append(Event what) {
    log_->append(std::move(what));
    time.run_for(10ms);
  }

  Result<EventPage> page(const EventQuery& query) {
    std::optional<Result<EventPage>> answer;
    loop_->post([&] { log_->query(query, [&](Result<EventPage> page) { answer = std::move(page); }); });
    REQUIRE(time.run_until([&] { return answer.has_value(); }, 10s));
    return *answer;
  }
  // The messages of all pages.
  std::vector<std::string> messages(EventQuery query = {}) {
    std::vector<std::string> messages;
    do {
      const auto page = this->page(query);
      REQUIRE(page);
      for (const auto& e : page->events) messages.push_back(e.message);
      query.cursor = page->next;
    } while (!query.cursor.empty());
    return messages;
  }

  EventLog& log() { return *log_; }
  sql::Database& database() { return *database_; }

  VirtualTime time;

 private:
  Retention retention_;
  sql::ScratchFolder folder_;
  std::unique_ptr<Executor> loop_;
  std::unique_ptr<sql::Database> database_;
  std::optional<EventLog> log_;
};

using Messages = std::vector<std::string>;

TEST_CASE("events come back whole, newest first, also after a restart") {
  Log log;
  Event first;
  first.category = Category::kScript;
  first.severity = Severity::kError;
  first.details = R"({"line":12})";
  first.instance = "Pump1";
  first.message = "the script ran too long";
  first.source = "scripts/Control";
  first.trace_id = "d-1";
  log.append(first);
  log.append(event("second"));
  log.open();
  const auto page = log.page({});
  REQUIRE(page);
  REQUIRE(page->events.size() == 2);
  CHECK(page->next.empty());
  CHECK(page->events[0].message == "second");
  auto stored = page->events[1];
  CHECK(stored.node == "a");
  CHECK(stored.id > 0);
  CHECK(stored.time > Timestamp{});
  stored.node.clear();
  stored.id = 0;
  stored.time = {};
  CHECK(stored == first);
}

TEST_CASE("every condition of a query narrows it") {
  Log log;
  const auto start = log.time.clock().utc();
  auto alarm = event("Level HIGH at 100%");
  alarm.category = Category::kAlarm;
  alarm.severity = Severity::kCritical;
  alarm.instance = "Tank1";
  alarm.source = "alarms/Level";
  log.append(alarm);
  log.time.run_for(1s);
  auto script = event("level_control failed");
  script.category = Category::kScript;
  script.severity = Severity::kError;
  script.instance = "Pump1";
  script.source = "scripts/Control";
  log.append(script);
  log.time.run_for(1s);
  log.append(event("started"));

  EventQuery query;
  SECTION("severity, that one and above") {
    query.severity = Severity::kError;
    CHECK(log.messages(query) == Messages{"level_control failed", "Level HIGH at 100%"});
  }
  SECTION("category") {
    query.category = Category::kAlarm;
    CHECK(log.messages(query) == Messages{"Level HIGH at 100%"});
  }
  SECTION("instance") {
    query.instance = "Pump1";
    CHECK(log.messages(query) == Messages{"level_control failed"});
  }
  SECTION("a keyword in the message, in either case") {
    query.text = "level";
    CHECK(log.messages(query) == Messages{"level_control failed", "Level HIGH at 100%"});
  }
  SECTION("a keyword in the source") {
    query.text = "CONTROL";
    CHECK(log.messages(query) == Messages{"level_control failed"});
    query.text = "scripts/";
    CHECK(log.messages(query) == Messages{"level_control failed"});
  }
  SECTION("signs that mean something to LIKE are only themselves") {
    query.text = "0%";
    CHECK(log.messages(query) == Messages{"Level HIGH at 100%"});
    query.text = "l_c";
    CHECK(log.messages(query) == Messages{"level_control failed"});
    query.text = "\\";
    CHECK(log.messages(query).empty());
  }
  SECTION("time, its end excluded") {
    query.from = start + 500ms;
    query.to = start + 1500ms;
    CHECK(log.messages(query) == Messages{"level_control failed"});
    query.from = start;
    query.to = start;
    CHECK(log.messages(query).empty());
  }
  SECTION("all together") {
    query.severity = Severity::kWarning;
    query.category = Category::kScript;
    query.instance = "Pump1";
    query.text = "failed";
    query.from = start;
    query.to = start + 1h;
    query.limit = 1;
    CHECK(log.messages(query) == Messages{"level_control failed"});
    query.instance = "Tank1";
    CHECK(log.messages(query).empty());
  }
}

TEST_CASE("a cursor stays right while events arrive and are purged") {
  Log log({5s, 1 << 30, 3h});
  const auto now = log.time.clock().utc();
  for (int i = 0; i < 10; ++i) {
    auto e = event(std::to_string(i));
    e.time = now + i * 1s;  // the same order however late they are written
    log.append(e);
  }
  EventQuery query;
  query.limit = 4;
  auto page = log.page(query);
  REQUIRE(page);
  CHECK(page->events.back().message == "6");
  log.time.run_for(10s);
  log.append(event("newer"));
  REQUIRE(log.database().write_now([&](soci::session& sql) -> Result<> {
    CHECK(delete_oldest(sql, now + 3s) == 3);
    return {};
  }));
  query.cursor = page->next;
  CHECK(log.messages(query) == Messages{"5", "4", "3"});
}

TEST_CASE("events of one microsecond are all seen, each once") {
  Log log;
  for (int i = 0; i < 7; ++i) log.log().append(event(std::to_string(i)));
  log.time.run_for(10ms);
  EventQuery query;
  query.limit = 2;
  CHECK(log.messages(query) == Messages{"6", "5", "4", "3", "2", "1", "0"});
}

TEST_CASE("a page ends at its limit of events and of bytes, and never without an event that fits") {
  Log log;
  for (int i = 0; i < 600; ++i) log.log().append(event("e"));
  log.time.run_for(1s);
  EventQuery query;
  query.limit = 1'000'000;
  CHECK(log.page(query)->events.size() == kPageBytes / (kEventOverhead + 2));
  query.limit = -5;
  CHECK(log.page(query)->events.size() == 1);

  auto large = event(std::string(100'000, 'm'));
  large.details = std::string(kDetailsBytes, 'd');
  for (int i = 0; i < 4; ++i) log.log().append(large);
  log.time.run_for(1s);
  query.limit = 500;
  const auto page = log.page(query);
  CHECK(page->events.size() == 2);
  CHECK_FALSE(page->next.empty());
}

TEST_CASE("texts over their limits are cut at a whole character") {
  Log log;
  std::string text = "x";
  while (text.size() <= kMessageBytes) text += "\xc3\xb6";
  auto e = event(text);
  e.details = "{" + std::string(kDetailsBytes, ' ') + "}";
  log.append(e);
  const auto stored = log.page({})->events.at(0);
  CHECK(stored.message.size() <= kMessageBytes);
  CHECK(stored.message.substr(stored.message.size() - 5) == "\xc3\xb6\xe2\x80\xa6");
  CHECK(stored.details == R"({"omitted":"too long"})");
}

TEST_CASE("a NUL of a script's text does not hide what follows it") {
  Log log;
  const auto text = [](std::string_view before, std::string_view after) {
    return std::string(before) + '\0' + std::string(after);
  };
  auto e = event(text("level", "control"));
  e.source = text("scripts/", "Control");
  e.instance = text("Pump", "1");
  e.details = text("{", "}");
  log.append(e);
  EventQuery query;
  query.text = "control";
  const auto page = log.page(query);
  REQUIRE(page->events.size() == 1);
  CHECK(page->events[0].message == "level\u2400control");
  CHECK(page->events[0].source == "scripts/\u2400Control");
  CHECK(page->events[0].instance == "Pump\u24001");
  CHECK(page->events[0].details == "{\u2400}");
}

TEST_CASE("a cursor that is not of this log is refused") {
  Log log;
  for (const auto* wrong : {"x", "1", "1.", ".1", "1.2.3", "1.2 ", "99999999999999999999.1"}) {
    CAPTURE(wrong);
    EventQuery query;
    query.cursor = wrong;
    CHECK(log.page(query).error().code == ErrorCode::kInvalid);
  }
}

TEST_CASE("a rare keyword in a long log is found page by page, each of bounded work") {
  Log log;
  log.append(event("needle"));
  std::vector<Event> hay(kPageScan + 10, event("hay"));
  for (auto& e : hay) e.time = log.time.clock().utc();
  REQUIRE(log.database().write_now([&](soci::session& sql) -> Result<> {
    insert_events(sql, hay);
    return {};
  }));
  EventQuery query;
  query.text = "needle";
  const auto first = log.page(query);
  REQUIRE(first);
  CHECK(first->events.empty());
  CHECK_FALSE(first->next.empty());
  CHECK(log.messages(query) == Messages{"needle"});
}

TEST_CASE("what is older than the retention goes at the set hour, every day") {
  // The world starts at 08:00 UTC.
  Log log({24h, 1 << 30, 9h});
  log.append(event("old"));
  log.time.run_for(22h);
  log.append(event("younger"));
  CHECK(log.messages() == Messages{"younger", "old"});
  log.time.run_for(150min);  // past 24 h, not yet 09:00
  CHECK(log.messages() == Messages{"younger", "old"});
  log.time.run_for(1h);
  CHECK(log.messages() == Messages{"younger"});
  log.time.run_for(24h);
  CHECK(log.messages().empty());
}

TEST_CASE("a node that was off at the hour purges when it starts") {
  Log log({24h, 1 << 30, 9h});
  auto e = event("old");
  e.time = log.time.clock().utc() - 25h;
  log.append(e);
  CHECK(log.messages().size() == 1);
  log.open();
  CHECK(log.messages().empty());
}

TEST_CASE("a log that nobody set keeps events for 30 days") {
  Log log;
  for (const auto age : {24h * 30 - 1h, 24h * 30 + 1h}) {
    auto e = event(age > 24h * 30 ? "older" : "younger");
    e.time = log.time.clock().utc() - age;
    log.append(e);
  }
  CHECK(log.messages() == Messages{"younger", "older"});
  log.open();
  CHECK(log.messages() == Messages{"younger"});
}

TEST_CASE("a log over its size loses its oldest, and says so") {
  constexpr std::int64_t kCap = 5 << 20;
  Log log({24h * 30, kCap, 3h});
  const std::string filler(1000, 'x');
  for (std::size_t i = 0; i < kSizeCheckEvents; ++i) {
    log.log().append(event(std::to_string(i) + filler));
    if (i % 1000 == 0) log.time.run_for(1s);
  }
  log.time.run_for(10s);
  CHECK(log.database().read_now([](soci::session& sql) { return used_bytes(sql); }).value() <= kCap);
  EventQuery query;
  query.limit = 1;
  CHECK(log.page(query)->events.at(0).message.find("the log reached its size limit: its ") == 0);
  query.text = std::to_string(kSizeCheckEvents - 1) + "x";
  CHECK(log.page(query)->events.size() == 1);
  query.text = "0" + filler;
  query.limit = 500;
  const auto messages = log.messages(query);
  CHECK(std::find(messages.begin(), messages.end(), "0" + filler) == messages.end());
}

TEST_CASE("a flood past the queue is counted, and said once in the log") {
  Log log;
  const std::size_t excess = 50;
  // One batch is on its way at once; the rest waits.
  for (std::size_t i = 0; i < 1 + kPending + excess; ++i) log.log().append(event("flood"));
  log.time.run_for(10s);
  CHECK(log.log().lost() == excess);
  EventQuery query;
  query.severity = Severity::kWarning;
  CHECK(log.messages(query) == Messages{"lost events: 50; the disk could not keep up with them"});
}

TEST_CASE("events that could not be written are counted as lost, and the log goes on") {
  Log log;
  log.append(event("before"));
  const auto rename = [&](const std::string& statement) {
    REQUIRE(log.database().write_now([statement](soci::session& sql) -> Result<> {
      sql << statement;
      return {};
    }));
  };
  rename("ALTER TABLE events RENAME TO hidden");
  log.append(event("never"));
  CHECK(log.log().lost() == 1);
  rename("ALTER TABLE hidden RENAME TO events");
  log.append(event("after"));
  CHECK(log.messages() ==
        Messages{"lost events: 1; the disk could not keep up with them", "after", "before"});
}

TEST_CASE("what waits when the log is closed is still written") {
  const sql::ScratchFolder folder;
  VirtualTime time;
  const auto loop = time.executor();
  const sql::Opening opening{folder.connection("events.db"), "events", migrations()};
  {
    auto database = sql::open_threaded(opening);
    REQUIRE(database);
    EventLog log(**database, *loop, "a", {});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1000; ++i) log.append(event("x"));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  auto session = sql::Session::open(opening.connection);
  REQUIRE(session);
  int rows = 0;
  session->soci() << "SELECT count(*) FROM events", soci::into(rows);
  CHECK(rows == 4000);
}

}  // namespace
}  // namespace fieldline::events

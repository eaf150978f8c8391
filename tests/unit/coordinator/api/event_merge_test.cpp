#include "coordinator/api/event_merge.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/base/random.hpp"
#include "coordinator/api/limits.hpp"

namespace fieldline::api {
namespace {

// A node's log as the node pages it: newest first, the cursor is the place that the page before ended at.
struct NodeLog {
  std::vector<Event> events;  // in order of time, then id
  std::size_t page_size = 3;
  std::int64_t last_id = 0;

  void add(std::int64_t time) {
    Event event;
    event.id = ++last_id;
    event.time = Timestamp(Duration(time));
    events.push_back(event);
    std::ranges::sort(events, {}, place);
  }
  void purge(std::size_t count) {
    events.erase(events.begin(),
                 events.begin() + static_cast<std::ptrdiff_t>(std::min(count, events.size())));
  }
  [[nodiscard]] EventPage page(const std::string& cursor) const {
    const auto before = cursor.empty() ? std::pair(INT64_MAX, INT64_MAX) : read(cursor);
    EventPage page;
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (place(*event) >= before) continue;
      if (page.events.size() == page_size) {
        const auto [time, id] = place(page.events.back());
        page.next = std::to_string(time) + "." + std::to_string(id);
        break;
      }
      page.events.push_back(*event);
    }
    return page;
  }

  using Place = std::pair<std::int64_t, std::int64_t>;
  static Place place(const Event& event) { return {event.time.time_since_epoch().count(), event.id}; }
  static Place read(const std::string& cursor) {
    return {std::stoll(cursor), std::stoll(cursor.substr(cursor.find('.') + 1))};
  }
};

using Logs = std::map<std::string, NodeLog>;

struct Read {
  std::vector<Event> events;
  std::string cursor;
  std::vector<std::string> given_up;
};

Read read_page(const Logs& logs, const std::string& cursor, std::size_t limit) {
  EventMerge merge({"a", "b"}, read_places(cursor).value(), limit);
  for (auto needed = merge.needed(); !needed.empty(); needed = merge.needed()) {
    for (const auto& fetch : needed) {
      if (logs.contains(fetch.node))
        merge.feed(fetch.node, logs.at(fetch.node).page(fetch.page));
      else
        merge.give_up(fetch.node);
    }
  }
  Read read{merge.events(), write_places(merge.places()), {}};
  for (const auto* node : {"a", "b"}) {
    if (merge.was_given_up(node)) read.given_up.emplace_back(node);
  }
  return read;
}

}  // namespace

TEST_CASE("two logs become one, newest first, whole and without repetition, whatever the pages") {
  Random random(GENERATE(range(0U, 50U)));
  Logs logs;
  for (std::int64_t time = 1; time <= 40; ++time) logs[random.below(2) == 0 ? "a" : "b"].add(time);
  logs["a"].page_size = 1 + random.below(5);
  logs["b"].page_size = 1 + random.below(5);
  std::vector<std::int64_t> times;
  std::string cursor;
  do {
    const auto read = read_page(logs, cursor, 1 + random.below(9));
    for (const auto& event : read.events) times.push_back(event.time.time_since_epoch().count());
    cursor = read.cursor;
    // What arrives while someone pages is newer than all they have seen, and must not disturb them.
    for (std::uint64_t arrivals = random.below(8); arrivals > 0; --arrivals)
      logs[random.below(2) == 0 ? "a" : "b"].add(100);
  } while (!cursor.empty());
  REQUIRE(times.size() == 40);
  CHECK(std::is_sorted(times.rbegin(), times.rend()));
}

TEST_CASE("a purge between two pages takes away nothing that is still there, and repeats nothing") {
  Random random(GENERATE(range(0U, 50U)));
  Logs logs;
  for (std::int64_t time = 1; time <= 40; ++time) logs[random.below(2) == 0 ? "a" : "b"].add(time);
  std::vector<std::int64_t> times;
  std::string cursor;
  do {
    const auto read = read_page(logs, cursor, 1 + random.below(9));
    for (const auto& event : read.events) times.push_back(event.time.time_since_epoch().count());
    cursor = read.cursor;
    if (times.size() > 10) {
      for (const auto* node : {"a", "b"}) logs[node].purge(random.below(3));
    }
  } while (!cursor.empty());
  std::vector<std::int64_t> kept;
  for (const auto& [node, log] : logs) {
    for (const auto& event : log.events) kept.push_back(event.time.time_since_epoch().count());
  }
  CHECK(std::is_sorted(times.rbegin(), times.rend()));
  CHECK(std::ranges::adjacent_find(times) == times.end());
  for (const auto time : kept) CHECK(std::ranges::find(times, time) != times.end());
}

TEST_CASE("a clock that was set back hides nothing") {
  Logs logs;
  for (const std::int64_t time : {10, 20, 30, 12, 14, 30, 15}) logs["a"].add(time);
  logs["b"].add(13);
  std::vector<std::int64_t> times;
  std::string cursor;
  do {
    const auto read = read_page(logs, cursor, 2);
    for (const auto& event : read.events) times.push_back(event.time.time_since_epoch().count());
    cursor = read.cursor;
  } while (!cursor.empty());
  CHECK(times == std::vector<std::int64_t>{30, 30, 20, 15, 14, 13, 12, 10});
}

TEST_CASE("a node that repeats itself is heard once") {
  EventMerge merge({"a"}, {}, 10);
  Event event;
  event.id = 7;
  merge.feed("a", {{event, event, event}, ""});
  CHECK(merge.needed().empty());
  CHECK(merge.events().size() == 1);
}

TEST_CASE("a node whose pages never end ends the page, and the cursor goes on") {
  EventMerge merge({"a", "b"}, {}, 10);
  Event event;
  event.id = 7;
  std::size_t rounds = 0;
  for (auto needed = merge.needed(); !needed.empty() && rounds < 2 * kEventRounds; needed = merge.needed()) {
    ++rounds;
    for (const auto& fetch : needed)
      merge.feed(fetch.node,
                 fetch.node == "a" ? EventPage{{}, std::to_string(rounds)} : EventPage{{event}, ""});
  }
  CHECK(rounds == kEventRounds);
  const auto places = read_places(write_places(merge.places()));
  REQUIRE(places);
  CHECK(places->at("a").page == std::to_string(kEventRounds));
  // What the other node has told already comes on a later page.
  EventMerge after({"a", "b"}, *places, 10);
  for (const auto& fetch : after.needed())
    after.feed(fetch.node, fetch.node == "a" ? EventPage() : EventPage{{event}, ""});
  CHECK(after.needed().empty());
  CHECK(after.events().size() == 1);
}

TEST_CASE("a node that can't be asked leaves the other's log readable to its end") {
  Logs logs;
  for (std::int64_t time = 1; time <= 7; ++time) logs["a"].add(time);
  const auto first = read_page(logs, "", 5);
  CHECK(first.events.size() == 5);
  CHECK(first.given_up == std::vector<std::string>{"b"});
  logs["b"].add(8);
  const auto second = read_page(logs, first.cursor, 5);
  CHECK(second.events.size() == 2);
  CHECK(second.given_up == std::vector<std::string>{"b"});
  CHECK(second.cursor.empty());
}

TEST_CASE("a page that ends where the logs end says that it is the last") {
  Logs logs;
  for (std::int64_t time = 1; time <= 3; ++time) logs["a"].add(time);
  logs["b"].add(4);
  CHECK(read_page(logs, "", 4).cursor.empty());
}

TEST_CASE("a cursor that nobody gave out is refused") {
  CHECK_FALSE(read_places("no json"));
  CHECK_FALSE(read_places("[1]"));
  CHECK_FALSE(read_places(R"({"a":{"page":7}})"));
}

}  // namespace fieldline::api

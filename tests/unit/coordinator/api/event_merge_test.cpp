#include "coordinator/api/event_merge.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "common/base/random.hpp"

namespace fieldline::api {
namespace {

// A node's log as the node pages it: newest first, the cursor is the id that the page before ended at.
struct NodeLog {
  std::vector<Event> events;  // oldest first
  std::size_t page_size = 3;

  void add(std::int64_t time) {
    Event event;
    event.id = static_cast<std::int64_t>(events.size()) + 1;
    event.time = Timestamp(Duration(time));
    events.push_back(event);
  }
  [[nodiscard]] EventPage page(const std::string& cursor) const {
    const auto below = cursor.empty() ? INT64_MAX : std::stoll(cursor);
    EventPage page;
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (event->id >= below) continue;
      if (page.events.size() == page_size) {
        page.next = std::to_string(page.events.back().id);
        break;
      }
      page.events.push_back(*event);
    }
    return page;
  }
};

using Logs = std::map<std::string, NodeLog>;

struct Read {
  std::vector<Event> events;
  std::string cursor;
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
  return {merge.events(), write_places(merge.places())};
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

TEST_CASE("a node that can't be asked leaves the other's log readable to its end") {
  Logs logs;
  for (std::int64_t time = 1; time <= 7; ++time) logs["a"].add(time);
  const auto first = read_page(logs, "", 5);
  CHECK(first.events.size() == 5);
  logs["b"].add(8);
  const auto second = read_page(logs, first.cursor, 5);
  CHECK(second.events.size() == 2);
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

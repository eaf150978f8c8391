#include "agent/runtime/saver.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "common/base/virtual_time.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

struct Desk {
  VirtualTime world;
  std::unique_ptr<Executor> strand = world.executor();
  std::vector<Kept> sent;
  std::vector<Event> events;
  Saver saver{{*strand, "pump-1", [this](Event event) { events.push_back(std::move(event)); }},
              [this](const Kept& changed) { sent.push_back(changed); }};
};

}  // namespace

TEST_CASE("what changes during a save goes with the next, the newest state only") {
  Desk at;
  at.saver.put("a", "1");
  at.saver.put("a", "2");
  at.saver.put("a", "3");
  at.saver.put("b", "1");
  CHECK(at.sent == std::vector<Kept>{{{"a", "1"}}});
  CHECK(at.saver.unsaved() == Kept{{"a", "3"}, {"b", "1"}});
  at.saver.saved({});
  REQUIRE(at.sent.size() == 2);
  CHECK(at.sent[1] == Kept{{"a", "3"}, {"b", "1"}});
  at.saver.saved({});
  CHECK(at.sent.size() == 2);
  CHECK(at.saver.unsaved().empty());
}

TEST_CASE("a failed save is told, and tried again with what is newest by then") {
  Desk at;
  at.saver.put("a", "1");
  at.saver.put("b", "1");
  at.saver.put("a", "2");
  at.saver.saved(fail(ErrorCode::kIo, "the disk is full"));
  CHECK(at.events.size() == 1);
  CHECK(at.sent.size() == 1);
  at.saver.put("c", "1");
  CHECK(at.sent.size() == 1);
  at.world.run_for(10s);
  REQUIRE(at.sent.size() == 2);
  CHECK(at.sent[1] == Kept{{"a", "2"}, {"b", "1"}, {"c", "1"}});
}

TEST_CASE("once stopped it sends nothing, and still knows what was not confirmed") {
  Desk at;
  at.saver.put("a", "1");
  at.saver.stop();
  at.saver.put("b", "1");
  at.saver.saved(fail(ErrorCode::kIo, "the disk is full"));
  at.world.run_for(1h);
  CHECK(at.sent.size() == 1);
  CHECK(at.saver.unsaved() == Kept{{"a", "1"}, {"b", "1"}});
}

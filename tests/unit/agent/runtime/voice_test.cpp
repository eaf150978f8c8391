#include "agent/runtime/voice.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "common/base/virtual_time.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

struct Listener {
  VirtualTime world;
  std::unique_ptr<Executor> strand = world.executor();
  std::vector<Event> heard;
  Voice voice{{*strand, "pump-1", [this](Event event) { heard.push_back(std::move(event)); }},
              Category::kScript,
              {2, 10s}};
};

}  // namespace

TEST_CASE("a burst passes whole, with what every event of an instance bears") {
  Listener at;
  at.voice.say(Severity::kError, "scripts/Control", "first", "{}");
  at.voice.say(Severity::kError, "scripts/Control", "second");
  REQUIRE(at.heard.size() == 2);
  CHECK(at.heard[0].instance == "pump-1");
  CHECK(at.heard[0].category == Category::kScript);
  CHECK(at.heard[0].source == "scripts/Control");
  CHECK(at.heard[0].details == "{}");
  CHECK(at.heard[0].time == at.world.clock().utc());
}

TEST_CASE("what repeats too fast is told once a period, with how often") {
  Listener at;
  for (int i = 0; i < 605; ++i) {
    at.voice.say(Severity::kError, "scripts/Control", "it failed");
    at.world.run_for(100ms);
  }
  REQUIRE(at.heard.size() == 2 + 6);
  CHECK(at.heard[1].message == "it failed");
  CHECK(at.heard[2].message == "it failed (repeated 98 times)");
  CHECK(at.heard[7].message == "it failed (repeated 100 times)");
}

TEST_CASE("different events held back are told by their last") {
  Listener at;
  for (int i = 1; i <= 5; ++i) at.voice.say(Severity::kInfo, "scripts/Control", "line " + std::to_string(i));
  at.world.run_for(10s);
  REQUIRE(at.heard.size() == 3);
  CHECK(at.heard[2].message == "line 5 (the last of 3 held back)");
}

TEST_CASE("one event held back is told as it is, late") {
  Listener at;
  for (int i = 1; i <= 3; ++i) at.voice.say(Severity::kInfo, "scripts/Control", "line " + std::to_string(i));
  at.world.run_for(9999ms);
  CHECK(at.heard.size() == 2);
  at.world.run_for(1ms);
  REQUIRE(at.heard.size() == 3);
  CHECK(at.heard[2].message == "line 3");
}

TEST_CASE("flushing tells at once what is held back") {
  Listener at;
  for (int i = 1; i <= 4; ++i) at.voice.say(Severity::kInfo, "scripts/Control", "same");
  at.voice.flush();
  REQUIRE(at.heard.size() == 3);
  CHECK(at.heard[2].message == "same (repeated 2 times)");
  at.world.run_for(1h);
  CHECK(at.heard.size() == 3);
}

TEST_CASE("bytes that are not text are mended before they are logged") {
  Listener at;
  at.voice.say(Severity::kInfo, "scripts/Control", "\xFF");
  CHECK(at.heard.at(0).message == "\xEF\xBF\xBD");
}

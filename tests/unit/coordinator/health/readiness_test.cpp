#include "coordinator/health/readiness.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "common/base/virtual_time.hpp"
#include "coordinator/health/limits.hpp"

namespace fieldline::health {
namespace {

using namespace std::chrono_literals;

// A part that answers when the test says so.
struct Part {
  bool takes = true;
  int asked = 0;
  std::optional<Readiness::Answer> open;

  Readiness::Part described(std::string name, Duration patience) {
    return {std::move(name), patience, [this](const Readiness::Answer& answer) {
              if (!takes) return false;
              ++asked;
              open = answer;
              return true;
            }};
  }
};

struct World {
  VirtualTime time;
  std::unique_ptr<Executor> loop = time.executor();
  Part database;
  Part worker;
  Readiness readiness{*loop, {database.described("the database", 5s), worker.described("the worker", 20s)}};

  World() {
    readiness.start();
    time.run_for(1ms);
  }
  void answer(Part& part, const Result<>& outcome = {}) {
    REQUIRE(part.open);
    loop->post([answer = *std::exchange(part.open, std::nullopt), outcome] { answer(outcome); });
    time.run_for(1ms);
  }
};

}  // namespace

TEST_CASE("a coordinator is ready while its parts answer, and each is asked again") {
  World world;
  for (int round = 1; round <= 30; ++round) {
    CHECK(world.database.asked == round);
    world.answer(world.database);
    world.answer(world.worker);
    CHECK(world.readiness.obstacle().empty());
    world.time.run_for(kAskInterval);
  }
}

TEST_CASE("a part that fails is named, without what is for the log alone, until it can be used again") {
  World world;
  world.answer(world.worker);
  world.answer(world.database, fail(ErrorCode::kUnavailable, "db.example refused fieldline"));
  const auto sentence = world.readiness.obstacle();
  CHECK(sentence.find("the database can't be used") != std::string::npos);
  CHECK(sentence.find("db.example") == std::string::npos);
  world.time.run_for(kAskInterval);
  CHECK_FALSE(world.readiness.obstacle().empty());
  world.answer(world.database);
  CHECK(world.readiness.obstacle().empty());
}

TEST_CASE(
    "a part that is silent past its patience is named with the time, and asked nothing else meanwhile") {
  World world;
  world.answer(world.database);
  world.time.run_for(19s);
  CHECK(world.worker.asked == 1);
  world.answer(world.database);
  CHECK(world.readiness.obstacle().empty());
  world.time.run_for(3s);
  world.answer(world.database);
  CHECK(world.readiness.obstacle() == "the worker has not answered for 22 s");
  CHECK(world.worker.asked == 1);
  world.answer(world.worker);
  CHECK(world.readiness.obstacle().empty());
}

TEST_CASE("a part that takes no question counts as silent, and is asked once it does") {
  World world;
  world.worker.takes = false;
  world.answer(world.worker);
  for (int second = 0; second < 25; ++second) {
    world.time.run_for(kAskInterval);
    world.answer(world.database);
  }
  CHECK(world.worker.asked == 1);
  CHECK(world.readiness.obstacle().starts_with("the worker has not answered for 2"));
  world.worker.takes = true;
  world.time.run_for(kAskInterval);
  CHECK(world.worker.asked == 2);
  world.answer(world.worker);
  world.answer(world.database);
  CHECK(world.readiness.obstacle().empty());
}

}  // namespace fieldline::health

#include "common/lease/booth.hpp"

#include <catch2/catch.hpp>
#include <optional>

#include "common/base/virtual_time.hpp"

using namespace fieldline;
using namespace fieldline::lease;
using namespace std::chrono_literals;

namespace {

// Votes that are durable when the test says so.
class SlowVotes final : public Votes {
 public:
  void keep(const Vote& vote, Done done) override {
    kept.push_back(vote);
    waiting = std::move(done);
  }
  void confirm(Done done) override {
    ++confirmed;
    waiting = std::move(done);
  }
  void finish(const Result<>& outcome) { std::exchange(waiting, nullptr)(outcome); }

  std::vector<Vote> kept;
  int confirmed = 0;
  Done waiting;
};

struct World {
  VirtualTime time;
  SlowVotes votes;
  std::unique_ptr<Booth> booth;
  std::optional<Answer> answer;

  World() {
    booth = std::make_unique<Booth>(time.clock(), votes, Vote{}, 6s);
    time.run_for(7s);
  }
  void ask(const std::string& holder, std::uint64_t epoch) {
    answer.reset();
    booth->ask({holder, {epoch, 6s, 1, false}}, [this](const Answer& given) { answer = given; });
  }
  [[nodiscard]] VoteReason reason() const { return std::get<VoteRefusal>(answer.value()).reason; }
};

}  // namespace

TEST_CASE("a booth answers a new vote when it is kept, and a renewal when it is confirmed") {
  World world;
  world.ask("a", 1);
  CHECK_FALSE(world.answer);
  CHECK(world.votes.kept == std::vector<Vote>{{1, "a", 6s}});
  world.votes.finish({});
  CHECK(world.answer == Answer(VoteGrant{1, 1, false}));
  world.ask("a", 1);
  CHECK_FALSE(world.answer);
  CHECK(world.votes.confirmed == 1);
  world.votes.finish({});
  CHECK(world.answer == Answer(VoteGrant{1, 1, false}));
}

TEST_CASE("a booth of a coordinator that does not lead any more refuses renewals, too") {
  World world;
  world.ask("a", 1);
  world.votes.finish({});
  world.ask("a", 1);
  world.votes.finish(fail(ErrorCode::kConflict, "another leads"));
  CHECK(world.reason() == VoteReason::kNotLeading);
}

TEST_CASE("a booth says why its disk did not take a vote") {
  World world;
  world.ask("a", 1);
  world.votes.finish(fail(ErrorCode::kIo, "full"));
  CHECK(world.reason() == VoteReason::kUnavailable);
  world.ask("a", 1);
  world.votes.finish(fail(ErrorCode::kPreconditionFailed, "voted later"));
  CHECK(world.reason() == VoteReason::kOldEpoch);
}

TEST_CASE("a booth that is gone answers nobody") {
  World world;
  world.ask("a", 1);
  world.booth.reset();
  world.votes.finish({});
  CHECK_FALSE(world.answer);
}

TEST_CASE("a released booth serves the next one at once") {
  World world;
  world.ask("a", 1);
  world.votes.finish({});
  world.ask("b", 2);
  CHECK(world.reason() == VoteReason::kServing);
  world.booth->release("a", 1);
  world.ask("b", 2);
  world.votes.finish({});
  CHECK(world.answer == Answer(VoteGrant{2, 1, false}));
}

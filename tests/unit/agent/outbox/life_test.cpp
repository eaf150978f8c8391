#include "agent/outbox/life.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::outbox;
using namespace std::chrono_literals;

namespace {

constexpr Patience kPatience{30s, 2};
const Instant kNow = Instant(100s);

Step after(const Life& life, const Happening& happening, Instant now = kNow) {
  const auto stepped = step(life, happening, kPatience, now);
  REQUIRE(stepped);
  return *stepped;
}

Life in(Stage stage, std::int64_t attempts = 0) {
  return {stage, attempts, kNow, {}};
}

}  // namespace

TEST_CASE("a message goes from waiting over delivering to settled") {
  const auto begun = after({}, Begin{});
  CHECK(begun.deed == Deed::kDeliver);
  const auto ended = after(begun.next, targets::Delivered{"200"});
  CHECK(ended.deed == Deed::kMark);
  CHECK(ended.next.stage == Stage::kSettled);
  CHECK(ended.next.attempts == 1);
}

TEST_CASE("a postponed message pauses for its interval and then waits again, until its attempts are over") {
  auto life = after({}, Begin{}).next;
  for (int retry = 1; retry <= 2; ++retry) {
    const auto paused = after(life, targets::Postponed{"busy", {}});
    CHECK(paused.deed == Deed::kPause);
    CHECK(paused.next.due == kNow + 30s);
    CHECK_FALSE(step(paused.next, Due{}, kPatience, kNow + 29s));
    life = after(after(paused.next, Due{}, kNow + 30s).next, Begin{}).next;
    CHECK(life.attempts == retry);
  }
  const auto parked = after(life, targets::Postponed{"busy", {}});
  CHECK(parked.deed == Deed::kPark);
  CHECK(parked.next.reason == "given up after 3 attempts: busy");
}

TEST_CASE("what a person decides is for parked messages only, and a retry begins anew") {
  CHECK(after(in(Stage::kParked, 3), Retry{}).next.attempts == 0);
  CHECK(after(in(Stage::kParked, 3), Retry{}).deed == Deed::kRequeue);
  CHECK(after(in(Stage::kParked, 3), Discard{}).deed == Deed::kRemove);
  const auto stage = GENERATE(Stage::kWaiting, Stage::kDelivering, Stage::kPausing, Stage::kSettled);
  CHECK_FALSE(step(in(stage), Retry{}, kPatience, kNow));
  CHECK_FALSE(step(in(stage), Discard{}, kPatience, kNow));
}

TEST_CASE("an answer counts only while the message is being delivered") {
  const auto stage = GENERATE(Stage::kWaiting, Stage::kPausing, Stage::kParked, Stage::kSettled);
  CHECK_FALSE(step(in(stage), targets::Delivered{}, kPatience, kNow));
  CHECK_FALSE(step(in(stage), targets::Postponed{}, kPatience, kNow));
  CHECK_FALSE(step(in(stage), targets::Refused{}, kPatience, kNow));
  CHECK_FALSE(step(in(stage), Interrupted{}, kPatience, kNow));
}

TEST_CASE("an attempt that was interrupted is made again and not counted; one under way is never dropped") {
  const auto again = after(in(Stage::kDelivering, 1), Interrupted{});
  CHECK(again.next.stage == Stage::kWaiting);
  CHECK(again.next.attempts == 1);
  CHECK_FALSE(step(in(Stage::kDelivering), Drop{}, kPatience, kNow));
  CHECK(after(in(Stage::kWaiting), Drop{}).deed == Deed::kRemove);
}

TEST_CASE("nothing of an ordered target is parked: it blocks, and is tried again until it is delivered") {
  constexpr Patience kOrdered{30s, 2, true};
  const auto happening =
      GENERATE(Happening(targets::Refused{"422"}), Happening(targets::Postponed{"busy", 40s}));
  const auto stepped = step(in(Stage::kDelivering, 2), happening, kOrdered, kNow);
  REQUIRE(stepped);
  CHECK(stepped->deed == Deed::kPause);
  CHECK(stepped->next.blocked);
  CHECK(stepped->next.due == kNow + (std::holds_alternative<targets::Refused>(happening) ? 30s : 40s));
  const auto again =
      step(step(stepped->next, Due{}, kOrdered, kNow + 40s)->next, Begin{}, kOrdered, kNow + 40s);
  CHECK(step(again->next, targets::Delivered{"200"}, kOrdered, kNow)->deed == Deed::kMark);
  // Once order does not count any more it is parked by its next attempt.
  CHECK(step(again->next, happening, kPatience, kNow)->deed == Deed::kPark);
}

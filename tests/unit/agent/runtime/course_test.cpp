#include "agent/runtime/course.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "agent/runtime/limits.hpp"
#include "common/base/random.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

// Keeps every value, with no regard to memory.
class WholeCourse {
 public:
  void take(double value, Instant now) {
    if (present_ && *present_ != value) left_.emplace_back(*present_, now);
    present_ = value;
  }

  [[nodiscard]] std::optional<Instant> exceeds_until(const AlarmRate& rate) const {
    std::optional<Instant> until;
    for (const auto& [value, gone] : left_) {
      const bool rose = *present_ - value > rate.change && rate.direction != RateDirection::kFalling;
      const bool fell = value - *present_ > rate.change && rate.direction != RateDirection::kRising;
      if (rose || fell) until = gone + rate.within;
    }
    return until;
  }

 private:
  std::optional<double> present_;
  std::vector<std::pair<double, Instant>> left_;
};

}  // namespace

TEST_CASE("a course forgets nothing early, and little of what it should late, in bounded memory") {
  const auto within = GENERATE(Duration(1us), Duration(50us), Duration(1s), Duration(24h));
  const auto direction = GENERATE(RateDirection::kEither, RateDirection::kFalling, RateDirection::kRising);
  const AlarmRate rate{.change = 20, .direction = direction, .within = within};
  const auto part = std::max(within / kCourseParts, Duration(1));
  Random random(41);
  Course course;
  WholeCourse whole;
  Instant now(1h);
  std::size_t most = 0;
  int exceeded = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto longest =
        static_cast<std::uint64_t>((random.below(50) == 0 ? within * 2 : within / 50).count());
    now += Duration(random.below(longest + 2));
    const auto value = static_cast<double>(random.below(i % 200 < 150 ? 30 : 10));
    course.take(value, now, within);
    whole.take(value, now);
    const auto until = course.exceeds_until(rate);
    const auto exact = whole.exceeds_until(rate);
    const bool counts = until && *until > now;
    const bool should = exact && *exact > now;
    INFO(i);
    if (should) {
      REQUIRE(counts);
      REQUIRE(*until >= *exact);
    }
    if (counts) {
      REQUIRE(exact);
      REQUIRE(*until - *exact < part);
      ++exceeded;
    }
    most = std::max(most, course.size());
  }
  CHECK(most <= kCourseParts + 1);
  CHECK(exceeded > 20);
}

TEST_CASE("a course without past knows of no change") {
  const AlarmRate rate{.change = 1, .within = 1s};
  Course course;
  CHECK_FALSE(course.exceeds_until(rate));
  course.take(1, Instant(1s), rate.within);
  CHECK_FALSE(course.exceeds_until(rate));
  course.take(9, Instant(2s), rate.within);
  CHECK(course.exceeds_until(rate) == Instant(3s));
  course.forget();
  CHECK_FALSE(course.exceeds_until(rate));
  CHECK(course == Course());
}

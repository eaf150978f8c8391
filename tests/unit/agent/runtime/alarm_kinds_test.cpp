#include <catch2/catch.hpp>

#include "common/model/json.hpp"
#include "tests/unit/agent/runtime/driven.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

Alarm lost_signal() {
  Alarm alarm;
  alarm.kind = AlarmKind::kBadQuality;
  return alarm;
}

Alarm pressure_band() {
  Alarm alarm;
  alarm.kind = AlarmKind::kRange;
  alarm.range = AlarmRange{.deadband = 2, .high = 20, .low = 10};
  return alarm;
}

Alarm fast_level(RateDirection direction = RateDirection::kEither) {
  Alarm alarm;
  alarm.kind = AlarmKind::kRateOfChange;
  alarm.rate = AlarmRate{.change = 10, .direction = direction, .within = 10s};
  return alarm;
}

}  // namespace

TEST_CASE("an alarm of bad quality is active while the quality is bad, whatever the value") {
  Driven alarm(lost_signal());
  CHECK_FALSE(alarm.value(1.5));
  CHECK_FALSE(alarm.value(1.5, Quality::kUncertainLastUsableValue));
  CHECK(alarm.value(std::string("open"), Quality::kBadCommunicationError) == AlarmChange::kRaised);
  CHECK(alarm.level().empty());
  CHECK(alarm.state.value == Value(std::string("open")));
  CHECK_FALSE(alarm.value(std::monostate{}, Quality::kBadDeviceFailure));
  CHECK(alarm.value(true, Quality::kUncertainLastUsableValue) == AlarmChange::kCleared);
}

TEST_CASE(
    "that nothing was read yet, or is read no more, neither raises nor clears an alarm of bad quality") {
  const auto quality = GENERATE(Quality::kBadWaitingForInitialData, Quality::kBadOutOfService);
  auto definition = lost_signal();
  Driven alarm(definition);
  CHECK_FALSE(alarm.value(1.5, quality));
  alarm.value(1.5, Quality::kBadCommunicationError);
  CHECK_FALSE(alarm.value(1.5, quality));
  CHECK(alarm.state.active());
  alarm.value(1.5);

  SECTION("and ends a delay that runs") {
    definition.on_delay = 5s;
    alarm.redefine(definition);
    alarm.value(1.5, Quality::kBadCommunicationError);
    CHECK(alarm.due_in() == 5s);
    CHECK_FALSE(alarm.value(1.5, quality));
    CHECK_FALSE(alarm.due_in());
  }
}

TEST_CASE("an alarm of bad quality keeps its delay from one bad quality to another") {
  auto definition = lost_signal();
  definition.on_delay = 5s;
  Driven alarm(definition);
  alarm.value(1.5, Quality::kBadCommunicationError);
  alarm.pass(3s);
  CHECK_FALSE(alarm.value(1.5, Quality::kBadDeviceFailure));
  CHECK(alarm.due_in() == 2s);
  CHECK(alarm.pass(2s) == AlarmChange::kRaised);
}

TEST_CASE("a range is left beyond its ends, and entered again by the deadband") {
  Driven alarm(pressure_band());
  CHECK_FALSE(alarm.value(10.0));
  CHECK_FALSE(alarm.value(20.0));
  CHECK(alarm.value(20.1) == AlarmChange::kRaised);
  CHECK(alarm.level().empty());
  CHECK_FALSE(alarm.value(18.1));
  CHECK(alarm.value(18.0) == AlarmChange::kCleared);
  CHECK(alarm.value(std::int64_t{9}) == AlarmChange::kRaised);
  CHECK_FALSE(alarm.value(11.9));
  CHECK_FALSE(alarm.value(25.0));  // out at the other end without having been inside
  CHECK(alarm.value(12.0) == AlarmChange::kCleared);
}

TEST_CASE("bad quality neither raises nor clears an alarm of range") {
  Driven alarm(pressure_band());
  CHECK_FALSE(alarm.value(99.0, Quality::kBadDeviceFailure));
  alarm.value(99.0);
  CHECK_FALSE(alarm.value(15.0, Quality::kBadDeviceFailure));
  CHECK(alarm.state.active());
}

TEST_CASE("a change is too much when it is more than permitted, and over once it is long enough ago") {
  Driven alarm(fast_level());
  alarm.value(50.0);
  alarm.pass(1h);
  CHECK_FALSE(alarm.value(60.0));
  CHECK_FALSE(alarm.due_in());
  CHECK(alarm.value(60.5) == AlarmChange::kRaised);
  CHECK(alarm.state.value == Value(60.5));
  CHECK(alarm.due_in() == 10s);
  CHECK_FALSE(alarm.pass(9999ms));
  CHECK(alarm.pass(1ms) == AlarmChange::kCleared);
  CHECK_FALSE(alarm.due_in());
}

TEST_CASE("a value that comes back ends the excess before its time") {
  Driven alarm(fast_level());
  alarm.value(50.0);
  CHECK(alarm.value(61.0) == AlarmChange::kRaised);
  alarm.pass(1s);
  CHECK(alarm.value(55.0) == AlarmChange::kCleared);  // from 61 and 50 by less than 10
}

TEST_CASE("a steady change counts by what it sums up to within the time") {
  const auto step = GENERATE(1.0, 2.0, -2.0);
  Driven alarm(fast_level());
  for (int i = 0; i < 30; ++i) {
    alarm.value(50.0 + step * i);
    alarm.pass(1s);
  }
  CHECK(alarm.state.active() == (step != 1.0));
}

TEST_CASE("a rate of one direction does not mind the other") {
  const auto rising = GENERATE(false, true);
  Driven alarm(fast_level(rising ? RateDirection::kRising : RateDirection::kFalling));
  alarm.value(50.0);
  CHECK_FALSE(alarm.value(rising ? 30.0 : 70.0));
  alarm.pass(1s);
  CHECK(alarm.value(50.0) == AlarmChange::kRaised);
}

TEST_CASE("bad quality makes an alarm of rate-of-change forget what was") {
  Driven alarm(fast_level());
  alarm.value(50.0);
  alarm.value(std::monostate{}, Quality::kBadCommunicationError);
  CHECK_FALSE(alarm.value(90.0));
  CHECK(alarm.value(50.0) == AlarmChange::kRaised);

  SECTION("and it stays as it is until a value counts again") {
    CHECK_FALSE(alarm.value(50.0, Quality::kBadCommunicationError));
    CHECK_FALSE(alarm.due_in());
    CHECK_FALSE(alarm.pass(1h));
    CHECK(alarm.state.active());
    CHECK(alarm.value(50.0) == AlarmChange::kCleared);
  }
}

TEST_CASE("the delays of an alarm of rate-of-change count from when the change is too much, and is not") {
  auto definition = fast_level();
  definition.on_delay = 3s;
  definition.off_delay = 2s;
  Driven alarm(definition);
  alarm.value(50.0);
  CHECK_FALSE(alarm.value(70.0));
  CHECK(alarm.due_in() == 3s);
  CHECK(alarm.pass(3s) == AlarmChange::kRaised);
  CHECK(alarm.due_in() == 7s);
  CHECK_FALSE(alarm.pass(7s));
  CHECK(alarm.due_in() == 2s);
  CHECK(alarm.pass(2s) == AlarmChange::kCleared);
}

TEST_CASE("with a delay longer than its time, a rate asks for a change that goes on") {
  auto definition = fast_level();
  definition.on_delay = 20s;
  Driven alarm(definition);
  alarm.value(50.0);
  alarm.value(70.0);
  CHECK(alarm.due_in() == 10s);
  CHECK_FALSE(alarm.pass(10s));
  CHECK_FALSE(alarm.due_in());
  for (int i = 0; i < 22; ++i) {
    alarm.pass(1s);
    alarm.value(70.0 + 2.0 * i);
  }
  CHECK_FALSE(alarm.state.active());
  for (int i = 22; i < 30; ++i) {
    alarm.pass(1s);
    alarm.value(70.0 + 2.0 * i);
  }
  CHECK(alarm.state.active());
}

TEST_CASE("after a restart an alarm of rate-of-change begins to look anew") {
  Driven alarm(fast_level());
  alarm.value(50.0);
  alarm.value(70.0);
  REQUIRE(alarm.state.active());
  Driven after(fast_level());
  REQUIRE(from_json(to_json(alarm.state), after.state));
  CHECK(after.state.active());
  CHECK_FALSE(after.due_in());
  CHECK(after.value(70.0) == AlarmChange::kCleared);
}

TEST_CASE("what is not a number says nothing about limits, ranges and rates") {
  const auto value =
      GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity());
  auto limits = Alarm();
  limits.hi = AlarmLimit{.value = 20};
  for (const auto& definition : {limits, pressure_band(), fast_level()}) {
    Driven alarm(definition);
    alarm.value(15.0);
    CHECK_FALSE(alarm.value(value));
    CHECK_FALSE(alarm.value(15.0));
    CHECK(alarm.value(40.0) == AlarmChange::kRaised);
  }
}

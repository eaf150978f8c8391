#include <catch2/catch.hpp>

#include "common/model/json.hpp"
#include "tests/unit/agent/runtime/driven.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

Alarm tank_level() {
  Alarm alarm;
  alarm.name = "Level";
  alarm.attribute = "Level";
  alarm.kind = AlarmKind::kLimits;
  alarm.hihi = AlarmLimit{.deadband = 2, .value = 95};
  alarm.hi = AlarmLimit{.deadband = 5, .value = 80};
  alarm.lo = AlarmLimit{.deadband = 5, .value = 20};
  alarm.lolo = AlarmLimit{.deadband = 2, .value = 5};
  return alarm;
}

}  // namespace

TEST_CASE("a limit is passed beyond it and left once the value is back by the deadband") {
  Driven alarm(tank_level());
  CHECK_FALSE(alarm.value(80.0));
  CHECK_FALSE(alarm.state.active());
  CHECK(alarm.value(80.1) == AlarmChange::kRaised);
  CHECK(alarm.level() == "hi");
  CHECK_FALSE(alarm.value(75.1));
  CHECK(alarm.value(75.0) == AlarmChange::kCleared);
  CHECK(alarm.level().empty());

  CHECK(alarm.value(19.9) == AlarmChange::kRaised);
  CHECK(alarm.level() == "lo");
  CHECK_FALSE(alarm.value(24.9));
  CHECK(alarm.value(25.0) == AlarmChange::kCleared);
}

TEST_CASE("a limit without a deadband is left as soon as the value is back at it") {
  auto definition = tank_level();
  definition.hi->deadband = 0;
  Driven alarm(definition);
  CHECK(alarm.value(80.5) == AlarmChange::kRaised);
  CHECK(alarm.value(80.0) == AlarmChange::kCleared);
}

TEST_CASE("the most severe level is shown, and each level has its own deadband") {
  Driven alarm(tank_level());
  CHECK(alarm.value(96.0) == AlarmChange::kRaised);
  CHECK(alarm.level() == "hihi");
  CHECK_FALSE(alarm.value(93.5));
  CHECK(alarm.value(93.0) == AlarmChange::kEased);
  CHECK(alarm.level() == "hi");
  CHECK(alarm.value(95.5) == AlarmChange::kEscalated);
  CHECK(alarm.value(10.0) == AlarmChange::kEscalated);
  CHECK(alarm.level() == "lo");
  CHECK(alarm.value(4.0) == AlarmChange::kEscalated);
  CHECK(alarm.level() == "lolo");
  CHECK(alarm.value(50.0) == AlarmChange::kCleared);
}

TEST_CASE("what the operator has not seen is an occurrence of its own, unacknowledged") {
  Driven alarm(tank_level());
  alarm.value(85.0);
  const auto first = alarm.state.occurrence;
  CHECK_FALSE(alarm.state.acked);
  CHECK(alarm.acknowledge() == AlarmChange::kAcknowledged);
  CHECK(alarm.state.acked);

  alarm.value(96.0);
  CHECK(alarm.state.occurrence > first);
  CHECK_FALSE(alarm.state.acked);
  const auto second = alarm.state.occurrence;
  alarm.acknowledge();

  SECTION("a milder level keeps occurrence and acknowledgement") {
    CHECK(alarm.value(90.0) == AlarmChange::kEased);
    CHECK(alarm.state.occurrence == second);
    CHECK(alarm.state.acked);
  }
  SECTION("the other side does not") {
    CHECK(alarm.value(15.0) == AlarmChange::kEscalated);
    CHECK(alarm.state.occurrence > second);
    CHECK_FALSE(alarm.state.acked);
  }
}

TEST_CASE("an acknowledgement of an older occurrence is ignored") {
  Driven alarm(tank_level());
  alarm.value(85.0);
  const auto seen = alarm.state.occurrence;
  alarm.value(96.0);
  CHECK_FALSE(alarm.acknowledge(seen));
  CHECK_FALSE(alarm.state.acked);
  CHECK_FALSE(alarm.durable);
}

TEST_CASE("an alarm that nobody acknowledged stays listed after it cleared") {
  Driven alarm(tank_level());
  alarm.value(85.0);
  alarm.value(50.0);
  CHECK_FALSE(alarm.state.active());
  CHECK(alarm.state.listed());
  CHECK_FALSE(alarm.state.latched);
  CHECK(alarm.acknowledge() == AlarmChange::kAcknowledged);
  CHECK_FALSE(alarm.state.listed());
  CHECK_FALSE(alarm.acknowledge());
}

TEST_CASE("a latching alarm is held until it is acknowledged after its condition is gone") {
  auto definition = tank_level();
  definition.latching = true;
  Driven alarm(definition);
  alarm.value(85.0);

  SECTION("an acknowledgement while active does not release it") {
    alarm.acknowledge();
    CHECK(alarm.value(50.0) == AlarmChange::kCleared);
    CHECK(alarm.state.latched);
    CHECK(alarm.state.acked);
    CHECK(alarm.state.listed());
    CHECK(alarm.acknowledge() == AlarmChange::kAcknowledged);
    CHECK_FALSE(alarm.state.listed());
  }
  SECTION("one acknowledgement after it releases both bits") {
    alarm.value(50.0);
    CHECK(alarm.state.latched);
    CHECK_FALSE(alarm.state.acked);
    CHECK(alarm.acknowledge() == AlarmChange::kAcknowledged);
    CHECK_FALSE(alarm.state.listed());
  }
  SECTION("raised again while latched it is a new occurrence") {
    alarm.value(50.0);
    const auto held = alarm.state.occurrence;
    CHECK(alarm.value(85.0) == AlarmChange::kRaised);
    CHECK_FALSE(alarm.state.latched);
    CHECK(alarm.state.occurrence > held);
  }
}

TEST_CASE("an alarm is raised only when its condition held for the whole on-delay") {
  auto definition = tank_level();
  definition.on_delay = 5s;
  Driven alarm(definition);
  CHECK_FALSE(alarm.value(85.0));
  CHECK(alarm.due_in() == 5s);
  CHECK_FALSE(alarm.pass(4999ms));
  SECTION("it does at the end of the delay, with no sample needed") {
    CHECK(alarm.pass(1ms) == AlarmChange::kRaised);
    CHECK(alarm.state.value == Value(85.0));
    CHECK(alarm.state.since == alarm.utc());
    CHECK_FALSE(alarm.due_in());
  }
  SECTION("a value back at the limit begins the delay anew, deadband or not") {
    CHECK_FALSE(alarm.value(79.0));
    CHECK_FALSE(alarm.due_in());
    CHECK_FALSE(alarm.value(85.0));
    CHECK_FALSE(alarm.pass(4s));
    CHECK(alarm.pass(1s) == AlarmChange::kRaised);
  }
  SECTION("each level has a delay of its own") {
    CHECK_FALSE(alarm.value(96.0));
    CHECK(alarm.pass(1ms) == AlarmChange::kRaised);
    CHECK(alarm.level() == "hi");
    CHECK(alarm.due_in() == 4999ms);
    CHECK(alarm.pass(4999ms) == AlarmChange::kEscalated);
    CHECK(alarm.level() == "hihi");
  }
  SECTION("bad quality begins the delay anew") {
    CHECK_FALSE(alarm.value(std::monostate{}, Quality::kBadCommunicationError));
    CHECK_FALSE(alarm.due_in());
    CHECK_FALSE(alarm.pass(1h));
    CHECK_FALSE(alarm.value(85.0));
    CHECK(alarm.due_in() == 5s);
  }
}

TEST_CASE("an alarm clears only when its condition was gone for the whole off-delay") {
  auto definition = tank_level();
  definition.off_delay = 3s;
  Driven alarm(definition);
  CHECK(alarm.value(85.0) == AlarmChange::kRaised);
  CHECK_FALSE(alarm.value(70.0));
  CHECK_FALSE(alarm.pass(2s));
  SECTION("then it does") {
    CHECK(alarm.pass(1s) == AlarmChange::kCleared);
  }
  SECTION("not when the value went back within the deadband meanwhile") {
    CHECK_FALSE(alarm.value(78.0));
    CHECK_FALSE(alarm.pass(1h));
    CHECK(alarm.state.active());
  }
  SECTION("the later sample settles an overdue delay as well") {
    CHECK_FALSE(alarm.due_in() > 1s);
    alarm.pass(999ms);
    CHECK(alarm.state.active());
    alarm.pass(1ms);
    CHECK_FALSE(alarm.value(70.0));
    CHECK_FALSE(alarm.state.active());
  }
}

TEST_CASE("crossing from one side to the other within the off-delay shows the news") {
  auto definition = tank_level();
  definition.off_delay = 10s;
  Driven alarm(definition);
  alarm.value(85.0);
  CHECK(alarm.value(15.0) == AlarmChange::kEscalated);
  CHECK(alarm.level() == "lo");
  CHECK_FALSE(alarm.pass(10s));
  CHECK(alarm.level() == "lo");
}

TEST_CASE("bad quality neither raises nor clears; uncertain values count") {
  Driven alarm(tank_level());
  for (const auto quality : {Quality::kBadCommunicationError, Quality::kBadWaitingForInitialData,
                             Quality::kBadOutOfService, Quality::kBadDeviceFailure}) {
    CHECK_FALSE(alarm.value(99.0, quality));
  }
  CHECK(alarm.value(99.0, Quality::kUncertainLastUsableValue) == AlarmChange::kRaised);
  CHECK_FALSE(alarm.value(50.0, Quality::kBadCommunicationError));
  CHECK(alarm.state.active());
  CHECK(alarm.value(50.0, Quality::kUncertainLastUsableValue) == AlarmChange::kCleared);
}

TEST_CASE("a value that is no number, or none, does not count for a limit") {
  Driven alarm(tank_level());
  CHECK_FALSE(alarm.value(std::string("99")));
  CHECK_FALSE(alarm.value(std::monostate{}));
  CHECK(alarm.value(std::int64_t{99}) == AlarmChange::kRaised);
}

TEST_CASE("a value match is active while the attribute equals its value") {
  Alarm definition;
  definition.kind = AlarmKind::kValueMatch;
  definition.on_delay = 1s;
  definition.match = std::string("fault");
  Driven alarm(definition);
  CHECK_FALSE(alarm.value(std::string("run")));
  CHECK_FALSE(alarm.value(std::string("fault")));
  CHECK(alarm.pass(1s) == AlarmChange::kRaised);
  CHECK(alarm.level().empty());
  CHECK(alarm.value(std::string("run")) == AlarmChange::kCleared);

  definition.match = true;
  definition.on_delay = 0s;
  Driven trip(definition);
  CHECK_FALSE(trip.value(false));
  CHECK(trip.value(true) == AlarmChange::kRaised);
}

TEST_CASE("occurrences rise even where the wall clock was set back") {
  Driven alarm(tank_level());
  alarm.value(85.0);
  const auto first = alarm.state.occurrence;
  alarm.value(50.0);
  alarm.set_wall_clock(Timestamp(1'000'000'000s));
  alarm.value(85.0);
  CHECK(alarm.state.occurrence == first + 1);
}

TEST_CASE("a state survives as JSON, all but the delays that ran") {
  auto definition = tank_level();
  definition.off_delay = 1min;
  definition.latching = true;
  Driven alarm(definition);
  alarm.value(96.0);
  alarm.acknowledge();
  alarm.value(50.0);
  REQUIRE(alarm.due_in() == 1min);

  const auto bytes = to_json(alarm.state).dump();
  AlarmState restored;
  REQUIRE(from_json(Json::parse(bytes), restored));
  Driven after(definition);
  after.state = restored;
  CHECK(after.state.active());
  CHECK(after.state.acked);
  CHECK(after.level() == "hihi");
  CHECK(after.state.occurrence == alarm.state.occurrence);
  CHECK(after.state.since == alarm.state.since);
  CHECK_FALSE(after.due_in());
  CHECK_FALSE(after.value(50.0));
  CHECK(after.due_in() == 1min);
  CHECK(after.pass(1min) == AlarmChange::kCleared);
}

TEST_CASE("a level that a redeploy took away clears with the next value") {
  auto definition = tank_level();
  definition.off_delay = 1h;
  Driven alarm(definition);
  alarm.value(96.0);
  definition.hihi.reset();
  alarm.redefine(definition);
  CHECK(alarm.value(96.0) == AlarmChange::kEased);
  CHECK(alarm.level() == "hi");
}

TEST_CASE("only what has to be kept is called durable") {
  Driven alarm(tank_level());
  alarm.value(50.0);
  CHECK_FALSE(alarm.durable);
  alarm.value(85.0);
  CHECK(alarm.durable);
  alarm.value(86.0);
  CHECK_FALSE(alarm.durable);
  alarm.acknowledge();
  CHECK(alarm.durable);
}

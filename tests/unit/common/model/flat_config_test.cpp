#include "common/model/flat_config.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace std::chrono_literals;

namespace {

FlatConfig sound_config() {
  FlatConfig config;
  config.instance = "Pump7";
  config.site = "north";
  config.template_name = "Pump";
  config.connections = {{"127.0.0.1:502", "plc1", {}, Protocol::kModbusTcp}};
  Attribute level;
  level.name = "Level";
  level.connection = "plc1";
  level.address = "holding:1";
  Attribute speed;
  speed.name = "Speed";
  speed.value = 1.0;
  config.attributes = {level, speed};
  Script react;
  react.name = "React";
  react.source = "return 1";
  config.scripts = {react};
  Alarm high;
  high.name = "High";
  high.attribute = "Level";
  high.script = "React";
  config.alarms = {high};
  return config;
}

void check_refused(const FlatConfig& config, const std::string& where) {
  const auto outcome = check(config);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().where == where);
}

}  // namespace

TEST_CASE("a sound configuration passes") {
  CHECK(check(sound_config()));
}

TEST_CASE("a configuration that contradicts itself is refused, naming the place") {
  auto config = sound_config();
  SECTION("a newer format") {
    config.format = 2;
    check_refused(config, "format");
  }
  SECTION("no instance name") {
    config.instance.clear();
    check_refused(config, "instance");
  }
  SECTION("artifacts out of order") {
    config.artifacts = {"shared-scripts/b", "shared-scripts/a"};
    check_refused(config, "artifacts/shared-scripts/a");
  }
  SECTION("an artifact of no kind") {
    config.artifacts = {"filters"};
    check_refused(config, "artifacts/filters");
  }
  SECTION("members out of order") {
    std::swap(config.attributes[0], config.attributes[1]);
    check_refused(config, "attributes/Level");
  }
  SECTION("a member twice") {
    config.attributes.push_back(config.attributes.back());
    check_refused(config, "attributes/Speed");
  }
  SECTION("a value of the wrong type") {
    config.attributes[1].value = std::string("fast");
    check_refused(config, "attributes/Speed");
  }
  SECTION("an address without a connection") {
    config.attributes[0].connection.clear();
    check_refused(config, "attributes/Level");
  }
  SECTION("a connection that is not part of it") {
    config.attributes[0].connection = "plc2";
    check_refused(config, "attributes/Level");
  }
  SECTION("an alarm on nothing") {
    config.alarms[0].attribute = "Depth";
    check_refused(config, "alarms/High");
  }
  SECTION("an alarm whose script is missing") {
    config.alarms[0].script = "Gone";
    check_refused(config, "alarms/High");
  }
  SECTION("a trigger on nothing") {
    config.scripts[0].trigger = {.attributes = {"Depth"}, .kind = TriggerKind::kValueChange};
    check_refused(config, "scripts/React");
  }
  SECTION("an interval of zero") {
    config.scripts[0].trigger = {.interval = 0s, .kind = TriggerKind::kInterval};
    check_refused(config, "scripts/React");
  }
  SECTION("a duration that is negative, or so long that sums of time overflow") {
    const auto duration = GENERATE(Duration(-1), Duration::max());
    SECTION("of an alarm's on-delay") {
      config.alarms[0].on_delay = duration;
      check_refused(config, "alarms/High");
    }
    SECTION("of an alarm's off-delay") {
      config.alarms[0].off_delay = duration;
      check_refused(config, "alarms/High");
    }
    SECTION("of a timeout") {
      config.scripts[0].timeout = duration;
      check_refused(config, "scripts/React");
    }
    SECTION("between two starts") {
      config.scripts[0].min_interval = duration;
      check_refused(config, "scripts/React");
    }
    SECTION("of an interval") {
      config.scripts[0].trigger = {.interval = duration, .kind = TriggerKind::kInterval};
      check_refused(config, "scripts/React");
    }
  }
}

TEST_CASE("an alarm of range needs one that has an inside") {
  auto config = sound_config();
  auto& alarm = config.alarms[0];
  alarm.kind = AlarmKind::kRange;
  alarm.range = AlarmRange{.deadband = 2, .high = 10, .low = 5};
  CHECK(check(config));
  alarm.range = AlarmRange{.high = 1e308, .low = -1e308};
  CHECK(check(config));
  alarm.range = GENERATE(std::optional<AlarmRange>(), AlarmRange{.high = 5, .low = 5},
                         AlarmRange{.high = 5, .low = 10}, AlarmRange{.deadband = -1, .high = 10, .low = 5},
                         AlarmRange{.deadband = 2.5, .high = 10, .low = 5});
  check_refused(config, "alarms/High");
}

TEST_CASE("an alarm of rate-of-change needs a change and a time, at most a day") {
  auto config = sound_config();
  auto& alarm = config.alarms[0];
  alarm.kind = AlarmKind::kRateOfChange;
  alarm.rate = AlarmRate{.change = 0.5, .within = 24h};
  CHECK(check(config));
  alarm.rate = GENERATE(std::optional<AlarmRate>(), AlarmRate{.change = 0, .within = 1s},
                        AlarmRate{.change = -1, .within = 1s}, AlarmRate{.change = 1, .within = 0s},
                        AlarmRate{.change = 1, .within = -1s}, AlarmRate{.change = 1, .within = 24h + 1us});
  check_refused(config, "alarms/High");
}

TEST_CASE("what another kind of alarm needs is not asked for") {
  auto config = sound_config();
  config.alarms[0].range = AlarmRange{.high = 1, .low = 2};
  config.alarms[0].rate = AlarmRate{};
  config.alarms[0].kind = GENERATE(AlarmKind::kBadQuality, AlarmKind::kLimits, AlarmKind::kValueMatch);
  CHECK(check(config));
}

TEST_CASE("a trigger on a condition compares an attribute to a value of its type") {
  auto config = sound_config();
  auto& trigger = config.scripts[0].trigger;
  trigger.kind = TriggerKind::kCondition;
  trigger.condition = TriggerCondition{.attribute = "Level", .comparison = Comparison::kLess, .value = 1.5};
  CHECK(check(config));
  SECTION("there is one") {
    trigger.condition.reset();
    check_refused(config, "scripts/React");
  }
  SECTION("of an attribute that is there") {
    trigger.condition->attribute = "Depth";
    check_refused(config, "scripts/React");
  }
  SECTION("with a value") {
    trigger.condition->value = {};
    check_refused(config, "scripts/React");
  }
  SECTION("of its type") {
    trigger.condition->value = std::int64_t{1};
    check_refused(config, "scripts/React");
  }
  SECTION("in an order that the type has") {
    config.attributes[0].type = DataType::kBool;
    trigger.condition->value = true;
    check_refused(config, "scripts/React");
    trigger.condition->comparison = Comparison::kNotEqual;
    CHECK(check(config));
  }
  SECTION("while it is true, with an interval") {
    trigger.condition->phase = ConditionPhase::kWhileTrue;
    check_refused(config, "scripts/React");
    trigger.interval = 1s;
    CHECK(check(config));
  }
}

TEST_CASE("numbers and timestamps have an order, every type knows what is equal") {
  for (const auto type :
       {DataType::kBool, DataType::kInt, DataType::kFloat, DataType::kString, DataType::kTimestamp}) {
    const bool ordered = type == DataType::kInt || type == DataType::kFloat || type == DataType::kTimestamp;
    for (const auto order :
         {Comparison::kLess, Comparison::kLessOrEqual, Comparison::kGreaterOrEqual, Comparison::kGreater}) {
      CHECK(can_compare(order, type) == ordered);
    }
    CHECK(can_compare(Comparison::kEqual, type));
    CHECK(can_compare(Comparison::kNotEqual, type));
  }
}

#include "agent/runtime/condition.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/agent/runtime/stage.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

const TriggerCondition kHigh{.attribute = "Level", .comparison = Comparison::kGreater, .value = 80.0};

TriggerCondition while_true(TriggerCondition condition) {
  condition.phase = ConditionPhase::kWhileTrue;
  return condition;
}

// Counts its runs of `source` beside.
Configured watched_tank(const TriggerCondition& condition, Duration interval = {},
                        const std::string& source = "") {
  return Configured()
      .connection("plc")
      .bound("Level", DataType::kFloat, "40001", false)
      .local("Open", DataType::kBool, true)
      .local("Runs", DataType::kInt, std::int64_t{0})
      .when(condition, interval, "React", "attributes.set('Runs', attributes.get('Runs') + 1) " + source);
}

std::int64_t runs_of(Stage& stage, Duration span = 1s) {
  stage.world.run_for(span);
  return std::get<std::int64_t>(stage.value("Runs"));
}

}  // namespace

TEST_CASE("a condition compares values of its type, and nothing else says anything") {
  struct Case {
    Value value;
    Comparison comparison;
    Value wanted;
    std::optional<bool> truth;
  };
  const Value noon = Timestamp(12h);
  const Value evening = Timestamp(20h);
  const Value one = std::int64_t{1};
  const Value two = std::int64_t{2};
  const auto test = GENERATE_COPY(values<Case>({
      {one, Comparison::kLess, two, true},
      {two, Comparison::kLess, two, false},
      {two, Comparison::kLessOrEqual, two, true},
      {two, Comparison::kLessOrEqual, one, false},
      {one, Comparison::kEqual, one, true},
      {one, Comparison::kEqual, two, false},
      {one, Comparison::kNotEqual, two, true},
      {one, Comparison::kNotEqual, one, false},
      {two, Comparison::kGreaterOrEqual, two, true},
      {one, Comparison::kGreaterOrEqual, two, false},
      {two, Comparison::kGreater, one, true},
      {two, Comparison::kGreater, two, false},
      {1.5, Comparison::kGreater, 1.25, true},
      {-0.0, Comparison::kEqual, 0.0, true},
      {noon, Comparison::kLess, evening, true},
      {noon, Comparison::kGreaterOrEqual, evening, false},
      {true, Comparison::kEqual, true, true},
      {true, Comparison::kNotEqual, true, false},
      {std::string("open"), Comparison::kEqual, std::string("open"), true},
      {std::string("open"), Comparison::kNotEqual, std::string("shut"), true},
      {std::monostate{}, Comparison::kNotEqual, one, std::nullopt},
      {1.0, Comparison::kEqual, one, std::nullopt},
      {std::numeric_limits<double>::quiet_NaN(), Comparison::kNotEqual, 1.0, std::nullopt},
  }));
  INFO(to_text(test.value) << " " << name(test.comparison) << " " << to_text(test.wanted));
  const TriggerCondition condition{.attribute = "A", .comparison = test.comparison, .value = test.wanted};
  CHECK(is_true(condition, {Quality::kGood, {}, {}, test.value}) == test.truth);
  CHECK(is_true(condition, {Quality::kUncertainLastUsableValue, {}, {}, test.value}) == test.truth);
  CHECK_FALSE(is_true(condition, {Quality::kBadDeviceFailure, {}, {}, test.value}));
}

TEST_CASE("a script runs once each time its condition becomes true") {
  Stage stage(watched_tank(kHigh));
  stage.show("40001", 80.0);
  CHECK(runs_of(stage) == 0);
  stage.show("40001", 81.0);
  CHECK(runs_of(stage) == 1);
  stage.show("40001", 95.0);
  CHECK(runs_of(stage, 1h) == 1);
  stage.show("40001", 10.0);
  CHECK(runs_of(stage) == 1);
  stage.show("40001", 81.0);
  CHECK(runs_of(stage) == 2);
}

TEST_CASE("the first usable value makes a condition true like any other") {
  SECTION("of the field") {
    Stage stage(watched_tank(kHigh));
    CHECK(runs_of(stage) == 0);
    stage.show("40001", 99.0);
    CHECK(runs_of(stage) == 1);
  }
  SECTION("held from the start") {
    Stage stage(watched_tank({.attribute = "Open", .value = true}));
    CHECK(runs_of(stage) == 1);
    CHECK(runs_of(stage, 1h) == 1);
  }
}

TEST_CASE("bad quality leaves a condition as it was") {
  Stage stage(watched_tank(kHigh));
  stage.show("40001", 99.0);
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  stage.show("40001", 99.0);
  CHECK(runs_of(stage) == 1);
  stage.show("40001", 10.0, Quality::kBadDeviceFailure);  // a value that says nothing
  stage.show("40001", 99.0);
  CHECK(runs_of(stage) == 1);
  stage.show("40001", 10.0);
  stage.show("40001", 99.0, Quality::kBadDeviceFailure);
  CHECK(runs_of(stage) == 1);
  stage.show("40001", 99.0);
  CHECK(runs_of(stage) == 2);
}

TEST_CASE("while its condition is true, a script runs from when it became so at every interval") {
  Stage stage(watched_tank(while_true(kHigh), 10s));
  stage.world.run_for(3s);
  stage.show("40001", 99.0);
  CHECK(runs_of(stage, 9999ms) == 1);
  CHECK(runs_of(stage, 1ms) == 2);
  stage.show("40001", 98.0);
  CHECK(runs_of(stage, 30s) == 5);
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  CHECK(runs_of(stage, 30s) == 8);

  stage.show("40001", 10.0);
  CHECK(runs_of(stage, 1h) == 8);
  stage.show("40001", 99.0);  // the intervals are counted anew
  CHECK(runs_of(stage, 9999ms) == 9);
  CHECK(runs_of(stage, 1ms) == 10);
}

TEST_CASE("a condition that is true during a run is coalesced like every trigger") {
  Stage stage(watched_tank(while_true(kHigh), 1s, "sleep(3.5)"));
  stage.show("40001", 99.0);
  CHECK(runs_of(stage, 3400ms) == 1);
  CHECK(stage.instance->tally().script_coalesced == 3);
  CHECK(runs_of(stage, 200ms) == 2);
}

TEST_CASE("disabled, a condition triggers nothing; enabled, it begins anew") {
  Stage stage(watched_tank(while_true(kHigh), 1s));
  stage.show("40001", 99.0);
  CHECK(runs_of(stage, 500ms) == 1);
  stage.on_strand([&] { stage.instance->disable(); });
  CHECK(runs_of(stage, 1h) == 1);
  stage.on_strand([&] { stage.instance->enable(); });
  CHECK(runs_of(stage, 500ms) == 2);  // the last usable value still counts
  CHECK(runs_of(stage, 1s) == 3);
  stage.on_strand([&] { stage.instance->stop(); });
  CHECK(runs_of(stage, 1h) == 3);
}

TEST_CASE("a script may end its own condition") {
  Stage stage(watched_tank(while_true({.attribute = "Open", .value = true}), 1s,
                           "if attributes.get('Runs') == 3 then attributes.set('Open', false) end"));
  CHECK(runs_of(stage, 1h) == 3);
  REQUIRE(stage.write("Open", true));
  CHECK(runs_of(stage, 100ms) == 4);
}

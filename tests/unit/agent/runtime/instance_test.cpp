#include <catch2/catch.hpp>

#include "tests/unit/agent/runtime/stage.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

Configured alarmed_tank() {
  return Configured()
      .connection("plc")
      .bound("Level", DataType::kFloat, "40001")
      .local("Tripped", DataType::kBool, false)
      .high_alarm("High", "Level", 80);
}

Configured delayed_tank() {
  Alarm alarm;
  alarm.name = "High";
  alarm.attribute = "Level";
  alarm.hi = AlarmLimit{.deadband = 1, .value = 80};
  alarm.on_delay = 5s;
  alarm.script = "Trip";
  return Configured()
      .connection("plc")
      .bound("Level", DataType::kFloat, "40001")
      .local("Tripped", DataType::kInt, std::int64_t{0})
      .alarm(alarm)
      .on_call("Trip", "attributes.set('Tripped', attributes.get('Tripped') + 1)");
}

}  // namespace

TEST_CASE("an alarm is told, listed, kept and acknowledged by its occurrence") {
  Stage stage(alarmed_tank());
  stage.show("40001", 85.0);
  const auto listed = stage.instance->alarms();
  REQUIRE(listed.size() == 1);
  CHECK(listed[0].instance == "pump-1");
  CHECK(listed[0].alarm == "High");
  CHECK(listed[0].level == "hi");
  CHECK(listed[0].message == "too high");
  CHECK(listed[0].value == Value(85.0));
  CHECK(listed[0].active);
  CHECK_FALSE(listed[0].acked);
  CHECK(stage.messages(Category::kAlarm) == std::vector<std::string>{"High raised hi, value 85: too high"});
  CHECK(stage.saved.contains("alarms/High"));
  CHECK(stage.instance->tally().active_alarms == 1);

  CHECK(stage.instance->acknowledge("Low", "1").error().code == ErrorCode::kNotFound);
  CHECK(stage.instance->acknowledge("High", "1").error().code == ErrorCode::kPreconditionFailed);
  CHECK(stage.instance->acknowledge("High", "").error().code == ErrorCode::kPreconditionFailed);
  CHECK(stage.instance->acknowledge("High", listed[0].occurrence));
  CHECK(stage.instance->alarms().at(0).acked);
  stage.show("40001", 10.0);
  CHECK(stage.instance->alarms().empty());
}

TEST_CASE("an alarm's event says its value with the digits that it was measured with") {
  Stage stage(alarmed_tank());
  stage.show("40001", static_cast<double>(221.913086F));
  CHECK(stage.messages(Category::kAlarm).at(0) == "High raised hi, value 221.9131: too high");
  CHECK(stage.events.at(0).details.find("221.9130859375") != std::string::npos);
  CHECK(stage.instance->alarms().at(0).value == Value(221.9130859375));
}

TEST_CASE("an alarm of bad quality tells which quality it saw") {
  Alarm lost;
  lost.name = "Lost";
  lost.attribute = "Level";
  lost.kind = AlarmKind::kBadQuality;
  lost.on_delay = 5s;
  Stage stage(Configured().connection("plc").bound("Level", DataType::kFloat, "40001").alarm(lost));
  stage.world.run_for(1min);
  CHECK(stage.messages(Category::kAlarm).empty());
  stage.show("40001", 4.5);
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  stage.world.run_for(5s);
  stage.show("40001", 4.75);
  CHECK(stage.messages(Category::kAlarm) ==
        std::vector<std::string>{"Lost raised, quality Bad_CommunicationError, value 4.5",
                                 "Lost cleared, quality Good, value 4.75"});
}

TEST_CASE("a change that was too fast is over by time alone") {
  Alarm fast;
  fast.name = "Fast";
  fast.attribute = "Level";
  fast.kind = AlarmKind::kRateOfChange;
  fast.rate = AlarmRate{.change = 10, .within = 1min};
  Stage stage(Configured().connection("plc").bound("Level", DataType::kFloat, "40001").alarm(fast));
  stage.show("40001", 10.0);
  stage.world.run_for(1h);
  stage.show("40001", 50.0);
  CHECK(stage.instance->tally().active_alarms == 1);
  stage.world.run_for(59s);
  CHECK(stage.instance->tally().active_alarms == 1);
  stage.world.run_for(1s);
  CHECK(stage.instance->tally().active_alarms == 0);

  stage.on_strand([&] { stage.instance->disable(); });
  stage.on_strand([&] { stage.instance->enable(); });
  stage.show("40001", 90.0);
  CHECK(stage.instance->tally().active_alarms == 1);  // the last usable value counts
}

TEST_CASE("an alarm that is raised as its instance goes into service runs its script") {
  Alarm alarm;
  alarm.name = "Shut";
  alarm.attribute = "Open";
  alarm.kind = AlarmKind::kValueMatch;
  alarm.match = false;
  alarm.script = "Trip";
  Stage stage(Configured()
                  .local("Open", DataType::kBool, false)
                  .local("Tripped", DataType::kBool, false)
                  .alarm(alarm)
                  .on_call("Trip", "attributes.set('Tripped', true)"));
  stage.world.run_for(1s);
  CHECK(stage.value("Tripped") == Value(true));
}

TEST_CASE("an on-delay needs no sample to end, and the activation script runs once") {
  Stage stage(delayed_tank());
  stage.show("40001", 85.0);
  stage.world.run_for(4s);
  CHECK(stage.instance->alarms().empty());
  stage.world.run_for(1s);
  CHECK(stage.instance->alarms().size() == 1);
  stage.world.run_for(10s);
  CHECK(stage.value("Tripped") == Value(std::int64_t{1}));
}

TEST_CASE("alarm states survive a restart, and a redeploy where name and kind are the same") {
  Stage before(alarmed_tank());
  before.show("40001", 85.0);
  const auto occurrence = before.instance->alarms().at(0).occurrence;

  SECTION("restart") {
    Stage stage(alarmed_tank(), read_kept(before.saved));
    REQUIRE(stage.instance->alarms().size() == 1);
    CHECK(stage.instance->alarms()[0].occurrence == occurrence);
    CHECK(stage.saved.empty());  // it is all there already
    stage.show("40001", 10.0);
    CHECK_FALSE(stage.instance->alarms().at(0).active);
  }
  SECTION("redeploy") {
    Heritage heritage;
    before.on_strand([&] { heritage = before.instance->stop(); });
    Stage stage(alarmed_tank(), heritage);
    REQUIRE(stage.instance->alarms().size() == 1);
    CHECK(stage.instance->alarms()[0].occurrence == occurrence);
    CHECK(stage.messages(Category::kAlarm).empty());
  }
  SECTION("redeploy without the alarm") {
    Heritage heritage;
    before.on_strand([&] { heritage = before.instance->stop(); });
    Stage stage(Configured().connection("plc").bound("Level", DataType::kFloat, "40001"), heritage);
    CHECK(stage.instance->alarms().empty());
    CHECK(stage.saved.at("alarms/High") == kNothing);
  }
}

TEST_CASE("disabled, alarms are not evaluated and keep their state") {
  Stage stage(alarmed_tank());
  stage.show("40001", 85.0);
  stage.on_strand([&] { stage.instance->disable(); });
  CHECK(stage.instance->alarms().empty());
  CHECK(stage.instance->tally().active_alarms == 0);
  stage.world.run_for(1min);
  stage.on_strand([&] { stage.instance->enable(); });
  CHECK(stage.instance->alarms().size() == 1);
  CHECK(stage.messages(Category::kAlarm).size() == 1);
}

TEST_CASE("a delay that ran when the instance was disabled begins anew") {
  Stage stage(delayed_tank());
  stage.show("40001", 85.0);
  stage.world.run_for(4s);
  stage.on_strand([&] { stage.instance->disable(); });
  stage.world.run_for(1h);
  stage.on_strand([&] { stage.instance->enable(); });
  stage.show("40001", 85.0);
  stage.world.run_for(4s);
  CHECK(stage.instance->alarms().empty());
  stage.world.run_for(1s);
  CHECK(stage.instance->alarms().size() == 1);
}

TEST_CASE("a chattering alarm does not flood the event log") {
  Stage stage(alarmed_tank());
  for (int i = 0; i < 1000; ++i) {
    stage.show("40001", i % 2 == 0 ? 85.0 : 10.0);
    stage.world.run_for(10ms);
  }
  const auto told = stage.messages(Category::kAlarm).size();
  CHECK(told > 100);
  CHECK(told < 200);
}

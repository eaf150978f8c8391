#include <catch2/catch.hpp>

#include "tests/unit/agent/runtime/stage.hpp"

using namespace fieldline;
using namespace fieldline::runtime;
using namespace std::chrono_literals;

namespace {

Configured tank() {
  return Configured()
      .connection("plc")
      .bound("Level", DataType::kFloat, "40001", false)
      .bound("Speed", DataType::kInt, "40002")
      .local("Setpoint", DataType::kFloat, 50.0, true)
      .local("Note", DataType::kString, std::string())
      .constant("Height", DataType::kFloat, 4.5);
}

Heritage after(Stage& stage) {
  Heritage heritage;
  stage.on_strand([&] { heritage = stage.instance->stop(); });
  return heritage;
}

}  // namespace

TEST_CASE("just deployed, what comes from the field waits for its first value") {
  Stage stage(tank());
  CHECK(stage.quality("Level") == Quality::kBadWaitingForInitialData);
  CHECK(stage.quality("Height") == Quality::kGood);
  CHECK(stage.value("Height") == Value(4.5));
  CHECK(stage.quality("Setpoint") == Quality::kGood);
  stage.show("40001", 61.5);
  CHECK(stage.sample("Level").value == Value(61.5));
  CHECK(stage.quality("Level") == Quality::kGood);
  Tally tally = stage.instance->tally();
  CHECK(tally.tags_good == 1);
  CHECK(tally.tags_bad == 1);
}

TEST_CASE("a lost link keeps the last value and says so") {
  Stage stage(tank());
  stage.show("40001", 61.5);
  stage.show("40001", std::monostate{}, Quality::kBadCommunicationError);
  CHECK(stage.value("Level") == Value(61.5));
  CHECK(stage.quality("Level") == Quality::kBadCommunicationError);
}

TEST_CASE("a write of a bound attribute is answered by the device") {
  Stage stage(tank());
  CHECK(stage.write("Speed", 1500.0));
  REQUIRE(stage.device->writes.size() == 1);
  CHECK(stage.device->writes[0].address == "40002");
  CHECK(stage.device->writes[0].value == Value(std::int64_t{1500}));
  CHECK(stage.value("Speed") == Value());

  stage.device->answer = fail(ErrorCode::kUnavailable, "the link is down");
  const auto refused = stage.write("Speed", std::int64_t{1});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kUnavailable);
}

TEST_CASE("what can't be written says why") {
  Stage stage(tank());
  CHECK(stage.write("Level", 1.0).error().message == "Level is read-only");
  CHECK(stage.write("Height", 1.0).error().message == "Height is read-only");
  CHECK(stage.write("Depth", 1.0).error().code == ErrorCode::kNotFound);
  CHECK(stage.write("Speed", 1.5).error().code == ErrorCode::kInvalid);
  CHECK(stage.write("Speed", std::monostate{}).error().code == ErrorCode::kInvalid);
  CHECK(stage.write("Note", std::string(5000, 'x')).error().code == ErrorCode::kInvalid);
  CHECK(stage.write("Note", std::string("\xFF")).error().code == ErrorCode::kInvalid);
  CHECK(stage.device->writes.empty());
}

TEST_CASE("a write that the device has not answered ends with the service") {
  Stage stage(tank());
  stage.device->answers = false;
  std::optional<Result<>> answer;
  stage.on_strand([&] {
    stage.instance->write("Speed", std::int64_t{1}, [&](Result<> outcome) { answer = std::move(outcome); });
  });
  CHECK_FALSE(answer);
  stage.on_strand([&] { stage.instance->disable(); });
  REQUIRE(answer);
  CHECK(answer->error().code == ErrorCode::kUnavailable);
  CHECK(stage.write("Speed", std::int64_t{1}).error().code == ErrorCode::kUnavailable);
}

TEST_CASE("disabled, every value is out of service and nothing is subscribed; enabled it resumes") {
  Stage stage(tank());
  stage.show("40001", 61.5);
  stage.on_strand([&] { stage.instance->disable(); });
  CHECK(stage.device->subscribers() == 0);
  for (const auto& [name, sample] : stage.instance->values()) {
    CHECK(sample.quality == Quality::kBadOutOfService);
  }
  CHECK(stage.value("Level") == Value(61.5));
  CHECK(stage.instance->tally().tags_bad == 2);
  CHECK(stage.instance->tally().instances == 0);

  stage.on_strand([&] { stage.instance->enable(); });
  stage.world.run_for(0s);
  CHECK(stage.device->subscribers() == 1);
  CHECK(stage.quality("Level") == Quality::kUncertainLastUsableValue);
  CHECK(stage.quality("Speed") == Quality::kBadWaitingForInitialData);
  CHECK(stage.quality("Setpoint") == Quality::kGood);
  stage.show("40001", 61.5);
  CHECK(stage.quality("Level") == Quality::kGood);
}

TEST_CASE("a retained value is found again after a restart") {
  Stage before(tank());
  REQUIRE(before.write("Setpoint", 72.25));
  REQUIRE(before.saved.contains("values/Setpoint"));
  const auto kept = before.saved;

  Stage stage(tank(), read_kept(kept));
  CHECK(stage.value("Setpoint") == Value(72.25));
  CHECK(stage.quality("Setpoint") == Quality::kUncertainLastUsableValue);
  REQUIRE(stage.write("Setpoint", 73.0));
  CHECK(stage.quality("Setpoint") == Quality::kGood);
}

TEST_CASE("a value that is not retained is not saved") {
  Stage stage(tank());
  REQUIRE(stage.write("Note", std::string("seen")));
  CHECK(stage.saved.empty());
}

TEST_CASE("what was kept and is not wanted any more is marked so") {
  Stage before(tank());
  REQUIRE(before.write("Setpoint", 72.25));
  auto config = Configured().local("Setpoint", DataType::kFloat, 50.0, false);
  Stage stage(config, read_kept(before.saved));
  CHECK(stage.value("Setpoint") == Value(50.0));
  CHECK(stage.saved.at("values/Setpoint") == kNothing);
  CHECK(read_kept(stage.saved).values.empty());
  CHECK(read_kept(stage.saved).unreadable.empty());
}

TEST_CASE("damaged records of what was kept are told and skipped") {
  Stage stage(tank(), read_kept({{"values/Setpoint", "{\"sample\":"}, {"nonsense", "1"}}));
  CHECK(stage.value("Setpoint") == Value(50.0));
  CHECK(stage.messages(Category::kSystem).size() == 2);
}

TEST_CASE("a redeploy carries values over until they are refreshed") {
  Stage before(tank());
  before.show("40001", 61.5);
  REQUIRE(before.write("Setpoint", 72.25));
  REQUIRE(before.write("Note", std::string("seen")));
  auto heritage = after(before);

  SECTION("where name and type are the same") {
    Stage stage(tank(), heritage);
    CHECK(stage.value("Level") == Value(61.5));
    CHECK(stage.quality("Level") == Quality::kUncertainLastUsableValue);
    CHECK(stage.value("Setpoint") == Value(72.25));
    CHECK(stage.value("Note") == Value(std::string("seen")));
    CHECK(stage.quality("Height") == Quality::kGood);
    stage.show("40001", 62.0);
    CHECK(stage.quality("Level") == Quality::kGood);
  }
  SECTION("not where the type is another") {
    auto config = Configured().connection("plc").bound("Level", DataType::kInt, "40001");
    Stage stage(config, heritage);
    CHECK(stage.value("Level") == Value());
    CHECK(stage.quality("Level") == Quality::kBadWaitingForInitialData);
  }
  SECTION("a constant follows its configuration") {
    auto config = Configured().constant("Height", DataType::kFloat, 5.5);
    Stage stage(config, heritage);
    CHECK(stage.value("Height") == Value(5.5));
  }
  SECTION("so does an unbound value whose configured one was changed, unless it is retained") {
    auto config = Configured()
                      .local("Note", DataType::kString, std::string("new"))
                      .local("Setpoint", DataType::kFloat, 40.0, true);
    Stage stage(config, heritage);
    CHECK(stage.value("Note") == Value(std::string("new")));
    CHECK(stage.value("Setpoint") == Value(72.25));
  }
}

TEST_CASE("a retained value that was never written follows its configuration") {
  Stage before(tank());
  Stage stage(Configured().local("Setpoint", DataType::kFloat, 40.0, true), after(before));
  CHECK(stage.value("Setpoint") == Value(40.0));
}

TEST_CASE("what the keeper has not confirmed is handed on") {
  Stage before(tank());
  bool confirmed = false;
  before.on_strand([&] {
    before.instance->write("Setpoint", 72.25, [&](const Result<>&) { confirmed = true; });
    const auto heritage = before.instance->stop();
    CHECK(heritage.unsaved.contains("values/Setpoint"));
  });
  CHECK(confirmed);
}

TEST_CASE("an instance that is deployed disabled does not begin") {
  Stage stage(tank(), {}, false);
  CHECK(stage.device->subscribers() == 0);
  CHECK(stage.quality("Level") == Quality::kBadOutOfService);
  stage.on_strand([&] { stage.instance->enable(); });
  CHECK(stage.device->subscribers() == 1);
}

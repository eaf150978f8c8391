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
}

#include "common/model/json.hpp"

#include <catch2/catch.hpp>

#include "common/model/event.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/status.hpp"

using namespace fieldline;
using namespace std::chrono_literals;

namespace {

Alarm some_alarm() {
  Alarm alarm;
  alarm.name = "High";
  alarm.attribute = "Tank.Level";
  alarm.hi = AlarmLimit{0.5, 8.0};
  alarm.on_delay = 1500ms;
  alarm.match = Value(true);
  return alarm;
}

}  // namespace

TEST_CASE("a described type survives its JSON form") {
  Alarm back;
  REQUIRE(from_json(to_json(some_alarm()), back));
  CHECK(back == some_alarm());
}

TEST_CASE("JSON shows durations, enumerations and qualities as people write them") {
  const auto json = to_json(some_alarm());
  CHECK(json["on_delay"] == "1500ms");
  CHECK(json["kind"] == "limits");
  CHECK_FALSE(json.contains("lo"));
  CHECK(to_json(Sample{})["quality"] == "Bad_WaitingForInitialData");
}

TEST_CASE("a fault in JSON is told with its place") {
  Alarm alarm;
  auto json = to_json(some_alarm());
  SECTION("an unknown field") {
    json["colour"] = "red";
    CHECK(from_json(json, alarm).error().where == "/colour");
  }
  SECTION("a missing field") {
    json.erase("attribute");
    CHECK(from_json(json, alarm).error().message == "the field 'attribute' is missing");
  }
  SECTION("a wrong type, deep inside") {
    json["hi"]["value"] = "high";
    CHECK(from_json(json, alarm).error().where == "/hi/value");
  }
  SECTION("a value that is no member of an enumeration") {
    json["kind"] = "limit";
    CHECK(from_json(json, alarm).error().where == "/kind");
  }
  SECTION("a number out of range") {
    json["priority"] = 3'000'000'000;
    CHECK(from_json(json, alarm).error().where == "/priority");
  }
  SECTION("an integer that does not fit 64 bits") {
    json["priority"] = 18'446'744'073'709'551'615U;
    CHECK(from_json(json, alarm).error().where == "/priority");
  }
  SECTION("a list where one value belongs") {
    json["match"] = {1, 2};
    CHECK(from_json(json, alarm).error().where == "/match");
  }
  SECTION("a pointer escapes its tokens") {
    json["a/b~c"] = 1;
    CHECK(from_json(json, alarm).error().where == "/a~1b~0c");
  }
}

TEST_CASE("a field left out keeps its default") {
  EventQuery query;
  REQUIRE(from_json(Json::parse(R"({"text":"pump"})"), query));
  CHECK(query.limit == 500);
  CHECK(query.text == "pump");
}

#include "common/base/time.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace std::chrono_literals;

TEST_CASE("a timestamp survives its RFC 3339 form") {
  const Timestamp time(std::chrono::microseconds(1'795'361'045'123'456));
  CHECK(format_rfc3339(time) == "2026-11-22T15:24:05.123456Z");
  CHECK(*parse_rfc3339(format_rfc3339(time)) == time);
  const Timestamp before_1970(std::chrono::microseconds(-1));
  CHECK(*parse_rfc3339(format_rfc3339(before_1970)) == before_1970);
}

TEST_CASE("RFC 3339 zones are taken into account") {
  CHECK(*parse_rfc3339("2026-11-22T16:24:05+01:00") == *parse_rfc3339("2026-11-22T15:24:05Z"));
  CHECK(*parse_rfc3339("2026-11-22t15:24:05.5z") == *parse_rfc3339("2026-11-22T15:24:05Z") + 500ms);
}

TEST_CASE("what is not RFC 3339 is refused") {
  const auto* text =
      GENERATE("", "2026-11-22", "2026-11-22T15:24:05", "2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z",
               "2026-11-22T15:24:05.Z", "2026-11-22T15:24:05Zx", "-026-11-22T15:24:05Z");
  CAPTURE(text);
  CHECK_FALSE(parse_rfc3339(text));
}

TEST_CASE("durations take their shortest exact form and come back") {
  CHECK(format_duration(1500ms) == "1500ms");
  CHECK(format_duration(2s) == "2s");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_duration(90min) == "90min");
  const auto span = GENERATE(Duration(1), Duration(999), Duration(60'000'000), Duration(3'600'000'000));
  CHECK(*parse_duration(format_duration(span)) == span);
  CHECK(*parse_duration("1d") == 24h);
}

TEST_CASE("what is not a duration is refused") {
  const auto* text = GENERATE("", "5", "s", "-5s", "5 s", "5S", "1.5s", "9223372036854775807d");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

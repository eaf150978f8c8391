#include "common/wire/codec.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "common/model/flat_config.hpp"
#include "common/model/order.hpp"
#include "common/model/status.hpp"

using namespace fieldline;
using namespace fieldline::wire;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

Alarm some_alarm() {
  Alarm alarm;
  alarm.name = "High";
  alarm.attribute = "Level";
  alarm.hi = AlarmLimit{0.5, 8.0};
  alarm.off_delay = 3s;
  alarm.match = Value(Timestamp(Duration(-5)));
  return alarm;
}

// The bytes of `alarm` with one more field in front of all others, as a newer peer would send.
std::string with_unknown_field(const Alarm& alarm) {
  auto bytes = encode(alarm);
  bytes[0] = static_cast<char>(bytes[0] + 1);
  bytes.insert(1, "\xa4zone\x92\x01\x80"s);
  return bytes;
}

}  // namespace

TEST_CASE("a described type survives its bytes") {
  const auto back = decode<Alarm>(encode(some_alarm()));
  REQUIRE(back);
  CHECK(*back == some_alarm());
  Order order;
  order.number = std::numeric_limits<std::uint64_t>::max();
  CHECK(*decode<Order>(encode(order)) == order);
}

TEST_CASE("every kind of value survives its bytes, bit by bit") {
  const auto value =
      GENERATE(Value(), Value(true), Value(std::int64_t{5}), Value(5.0), Value(-0.0),
               Value(std::numeric_limits<std::int64_t>::min()), Value("text"s), Value(Timestamp(7us)));
  const auto back = decode<Value>(encode(value));
  REQUIRE(back);
  CHECK(back->index() == value.index());
  CHECK(*back == value);
  if (const auto* real = std::get_if<double>(&value))
    CHECK(std::signbit(std::get<double>(*back)) == std::signbit(*real));
}

TEST_CASE("floats are always nine bytes, because what is hashed must not depend on the value") {
  CHECK(encode(5.0) == "\xcb\x40\x14\x00\x00\x00\x00\x00\x00"s);
  CHECK(encode(-0.0) == "\xcb\x80\x00\x00\x00\x00\x00\x00\x00"s);
}

TEST_CASE("fields of a newer peer are passed over") {
  const auto back = decode<Alarm>(with_unknown_field(some_alarm()));
  REQUIRE(back);
  CHECK(*back == some_alarm());
}

TEST_CASE("keys may come in any order") {
  const auto point = decode<AlarmLimit>(
      "\x82\xa5value\xcb\x40\x14\x00\x00\x00\x00\x00\x00\xa8"
      "deadband\x02"s);
  REQUIRE(point);
  CHECK(point->value == 5.0);
  CHECK(point->deadband == 2.0);
}

TEST_CASE("what does not fit is refused with its place") {
  CHECK(decode<AlarmLimit>("\x81\xa8"
                           "deadband\x01"s)
            .error()
            .message == "the field 'value' is missing");
  CHECK(decode<AlarmLimit>("\x81\xa5value\xa1x"s).error().where == "/value");
  CHECK(decode<AlarmLimit>("\x81\xa5value\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"s).error().where == "/value");
  CHECK(decode<std::vector<std::string>>("\x92\xa0\x05"s).error().where == "/1");
  CHECK_FALSE(decode<Value>("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s));
  CHECK_FALSE(decode<std::uint32_t>("\xff"s));
  CHECK_FALSE(decode<AlarmKind>("\xa5limit"s));
  auto alarm = some_alarm();
  auto bytes = encode(alarm);
  const auto at = bytes.find("limits");
  bytes[at] = 'L';
  CHECK(decode<Alarm>(bytes).error().where == "/kind");
}

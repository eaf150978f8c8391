#include "common/model/value.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace fieldline;

TEST_CASE("a value becomes another type only where nothing is lost") {
  CHECK(*coerce(Value(std::int64_t{5}), DataType::kFloat) == Value(5.0));
  CHECK(*coerce(Value(5.0), DataType::kInt) == Value(std::int64_t{5}));
  CHECK(*coerce(Value(std::string("2026-11-22T15:00:00Z")), DataType::kTimestamp) ==
        Value(*parse_rfc3339("2026-11-22T15:00:00Z")));
  CHECK(*coerce(Value(), DataType::kBool) == Value());
}

TEST_CASE("a value that would lose something is refused") {
  CHECK_FALSE(coerce(Value(5.5), DataType::kInt));
  CHECK_FALSE(coerce(Value((std::int64_t{1} << 53) + 1), DataType::kFloat));
  CHECK_FALSE(coerce(Value(true), DataType::kInt));
  CHECK_FALSE(coerce(Value(std::string("5")), DataType::kFloat));
  CHECK_FALSE(coerce(Value(std::numeric_limits<double>::quiet_NaN()), DataType::kFloat));
  CHECK_FALSE(coerce(Value(std::numeric_limits<double>::infinity()), DataType::kFloat));
  CHECK_FALSE(coerce(Value(std::numeric_limits<double>::infinity()), DataType::kInt));
}

TEST_CASE("qualities are told by their two top bits and go by their OPC UA names") {
  CHECK(is_good(Quality::kGood));
  CHECK(is_bad(Quality::kBadCommunicationError));
  CHECK_FALSE(is_bad(Quality::kUncertainLastUsableValue));
  CHECK_FALSE(is_good(Quality::kUncertainLastUsableValue));
  CHECK(name(Quality::kBadWaitingForInitialData) == "Bad_WaitingForInitialData");
  const auto quality = GENERATE(Quality::kGood, Quality::kBadDeviceFailure, static_cast<Quality>(0x80AB0000));
  CHECK(parse_quality(name(quality)) == quality);
  CHECK_FALSE(parse_quality("Fine"));
}

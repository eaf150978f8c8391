#include "common/model/names.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace fieldline;

TEST_CASE("a name starts with a letter and has at most 64 letters, digits, _ and -") {
  CHECK(is_name("Pump-1_a"));
  CHECK(is_name(std::string(64, 'x')));
  const auto bad = GENERATE(as<std::string>{}, "", "1Pump", "-a", "a b", "a.b", "Größe", std::string(65, 'x'),
                            std::string("a\0b", 3));
  CAPTURE(bad);
  CHECK_FALSE(is_name(bad));
}

TEST_CASE("a member path is names joined by dots") {
  CHECK(is_member_path("Pump1.Motor.Speed"));
  const auto bad = GENERATE(as<std::string>{}, "", ".", "a.", ".a", "a..b", "a.1");
  CAPTURE(bad);
  CHECK_FALSE(is_member_path(bad));
}

TEST_CASE("an area may be empty or names joined by slashes") {
  CHECK(is_area_path(""));
  CHECK(is_area_path("north/pumps"));
  CHECK_FALSE(is_area_path("/north"));
}

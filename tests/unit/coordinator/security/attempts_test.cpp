#include "coordinator/security/attempts.hpp"

#include <catch2/catch.hpp>

#include "common/base/virtual_time.hpp"

namespace fieldline::security {

using namespace std::chrono_literals;

TEST_CASE("an address may fail a few times at once, then once a second") {
  VirtualTime time;
  Attempts attempts(time.clock(), {});
  for (int i = 0; i < static_cast<int>(Attempts::Rate().burst); ++i) REQUIRE(attempts.fail_from("10.0.0.1"));
  CHECK_FALSE(attempts.fail_from("10.0.0.1"));
  CHECK(attempts.fail_from("10.0.0.2"));
  time.run_for(1s);
  CHECK(attempts.fail_from("10.0.0.1"));
  CHECK_FALSE(attempts.fail_from("10.0.0.1"));
}

TEST_CASE("many addresses do not make it forget the one that fails now") {
  VirtualTime time;
  Attempts attempts(time.clock(), {});
  bool admitted = true;
  for (int i = 0; i < 5000; ++i) {
    time.run_for(1ms);
    static_cast<void>(attempts.fail_from("10.1.0." + std::to_string(i)));
    admitted = attempts.fail_from("10.0.0.1");
  }
  CHECK_FALSE(admitted);
}

TEST_CASE("what turns out to be no failure is taken back") {
  VirtualTime time;
  Attempts attempts(time.clock(), {.burst = 1, .per_second = 0.2});
  REQUIRE(attempts.fail_from("ann"));
  attempts.forgive("ann");
  CHECK(attempts.fail_from("ann"));
  CHECK_FALSE(attempts.fail_from("ann"));
  attempts.forgive("bob");
}

}  // namespace fieldline::security

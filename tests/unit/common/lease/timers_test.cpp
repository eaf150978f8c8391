#include "common/lease/timers.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::lease;
using namespace std::chrono_literals;

TEST_CASE("with the defaults the holder stops at 5.4 s and the granter counts 6.6 s") {
  const Timers timers;
  CHECK(timers.renew == 1s);
  CHECK(held(timers.lease) == 5400ms);
  CHECK(counted(timers.lease) == 6600ms);
  CHECK(check(timers));
}

TEST_CASE("a lease that two lost renewals would end is refused") {
  CHECK(check({1s, 3334ms}));
  CHECK_FALSE(check({1s, 3333ms}));
}

TEST_CASE("renewals without a pause and leases without an end are refused") {
  CHECK_FALSE(check({49ms, 6s}));
  CHECK_FALSE(check({Duration(0), 6s}));
  CHECK_FALSE(check({-1s, 6s}));
  CHECK(check({1s, 2min}));
  CHECK_FALSE(check({1s, 2min + 1us}));
}

#include "common/base/random.hpp"

#include <catch2/catch.hpp>

#include "common/base/hash.hpp"

using namespace fieldline;
using namespace std::chrono_literals;

TEST_CASE("the same seed gives the same sequence") {
  Random a(42);
  Random b(42);
  CHECK(a.id() == b.id());
  CHECK(a.below(1000) == b.below(1000));
  CHECK(a.id().size() == 32);
}

TEST_CASE("backoff stays between a tenth of its base and its cap") {
  Random random(1);
  for (unsigned attempt = 0; attempt < 100; ++attempt) {
    const auto wait = random.backoff(500ms, 30s, attempt);
    CHECK(wait >= 50ms);
    CHECK(wait <= 30s);
  }
}

TEST_CASE("the fingerprint of nothing is the one that RFC 7693 implies") {
  CHECK(blake2b_hex("") == "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
  CHECK(blake2b_hex("a") != blake2b_hex("b"));
}

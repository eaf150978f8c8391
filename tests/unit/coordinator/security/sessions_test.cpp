#include "coordinator/security/sessions.hpp"

#include <catch2/catch.hpp>

#include "common/base/hash.hpp"
#include "common/base/virtual_time.hpp"
#include "coordinator/security/limits.hpp"

namespace fieldline::security {

using namespace std::chrono_literals;

TEST_CASE("a session ends when nobody uses it, and at its age however it is used") {
  VirtualTime time;
  Sessions sessions(time.clock());
  const auto secret = sessions.open("ann").value();
  time.run_for(kSessionIdle - 1s);
  CHECK(sessions.use(secret) == "ann");
  time.run_for(kSessionIdle - 1s);
  CHECK(sessions.use(secret) == "ann");
  CHECK(sessions.is_open(blake2b_hex(secret)));
  time.run_for(kSessionIdle);
  CHECK_FALSE(sessions.use(secret));
  CHECK_FALSE(sessions.is_open(blake2b_hex(secret)));
  const auto busy = sessions.open("ann").value();
  for (auto passed = 0min; passed < kSessionAge; passed += 20min) {
    REQUIRE(sessions.use(busy));
    time.run_for(20min);
  }
  CHECK_FALSE(sessions.use(busy));
}

TEST_CASE("looking whether a session is open is no use of it") {
  VirtualTime time;
  Sessions sessions(time.clock());
  const auto secret = sessions.open("ann").value();
  for (auto passed = 0min; passed < kSessionIdle; passed += 5min) {
    REQUIRE(sessions.is_open(blake2b_hex(secret)));
    time.run_for(5min);
  }
  CHECK_FALSE(sessions.use(secret));
}

TEST_CASE("who logs in too often loses the own session unused longest, nobody else's") {
  VirtualTime time;
  Sessions sessions(time.clock());
  const auto bobs = sessions.open("bob").value();
  std::vector<std::string> anns;
  for (std::size_t i = 0; i <= kSessionsOfUser; ++i) {
    anns.push_back(sessions.open("ann").value());
    time.run_for(1s);
  }
  CHECK_FALSE(sessions.use(anns[0]));
  CHECK(sessions.use(anns[1]));
  CHECK(sessions.use(bobs));
}

TEST_CASE("there is an end to how many sessions there are") {
  VirtualTime time;
  Sessions sessions(time.clock());
  const auto first = sessions.open("first").value();
  for (std::size_t i = 0; i < kSessions; ++i) {
    time.run_for(1ms);
    REQUIRE(sessions.open("user" + std::to_string(i)));
  }
  CHECK_FALSE(sessions.use(first));
}

TEST_CASE("the sessions of a user end together, but the one that asked for it") {
  VirtualTime time;
  Sessions sessions(time.clock());
  const auto here = sessions.open("ann").value();
  const auto there = sessions.open("ann").value();
  const auto bobs = sessions.open("bob").value();
  sessions.end_of("ann", blake2b_hex(here));
  CHECK(sessions.use(here));
  CHECK_FALSE(sessions.use(there));
  CHECK(sessions.use(bobs));
  sessions.end(blake2b_hex(here));
  CHECK_FALSE(sessions.use(here));
}

TEST_CASE("the CSRF token of a session tells nothing of its secret") {
  const auto csrf = csrf_of("secret");
  CHECK(csrf == csrf_of("secret"));
  CHECK(csrf != csrf_of("secret2"));
  CHECK(csrf != blake2b_hex("secret"));
}

}  // namespace fieldline::security

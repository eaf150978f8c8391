#include "common/lease/voter.hpp"

#include <catch2/catch.hpp>

using namespace fieldline;
using namespace fieldline::lease;
using namespace std::chrono_literals;

namespace {

constexpr Duration kLease = 6s;

constexpr Instant at(Duration since_start) {
  return Instant(since_start);
}

Ask from(const std::string& holder, std::uint64_t epoch, std::uint64_t number = 1) {
  return {holder, {epoch, kLease, number, false}};
}

// A voter that has been up for long.
Voter open_voter(Vote kept = {}) {
  return start(std::move(kept), kLease, at(-1h));
}

VoteReason reason(const Decision& decision) {
  REQUIRE(std::holds_alternative<VoteRefusal>(decision));
  return std::get<VoteRefusal>(decision).reason;
}

void vote(Voter& voter, const Ask& request, Instant now) {
  REQUIRE(std::holds_alternative<Keep>(ask(voter, request, now)));
  REQUIRE(std::holds_alternative<VoteGrant>(settle(voter, true)));
}

}  // namespace

TEST_CASE("a vote is answered only when it is durable") {
  auto voter = open_voter();
  const auto decision = ask(voter, from("a", 1, 42), at(0s));
  REQUIRE(std::holds_alternative<Keep>(decision));
  CHECK(std::get<Keep>(decision).vote == Vote{1, "a", kLease});
  CHECK(voter.kept == Vote{});
  CHECK(settle(voter, true) == Answer(VoteGrant{1, 42, false}));
  CHECK(voter.kept == Vote{1, "a", kLease});
}

TEST_CASE("a vote that did not become durable is refused and serves nobody") {
  auto voter = open_voter();
  REQUIRE(std::holds_alternative<Keep>(ask(voter, from("a", 1), at(0s))));
  const auto answer = settle(voter, false);
  REQUIRE(std::holds_alternative<VoteRefusal>(answer));
  CHECK(std::get<VoteRefusal>(answer).reason == VoteReason::kUnavailable);
  CHECK(is_free(voter, at(0s)));
}

TEST_CASE("while one vote is on its way to the disk no other is given") {
  auto voter = open_voter();
  REQUIRE(std::holds_alternative<Keep>(ask(voter, from("a", 1), at(0s))));
  CHECK(reason(ask(voter, from("b", 2), at(0s))) == VoteReason::kBusy);
  CHECK(reason(ask(voter, from("a", 1), at(0s))) == VoteReason::kBusy);
}

TEST_CASE("a voter serves nobody else for eleven tenths of the lease, counted from when the request came") {
  auto voter = open_voter();
  REQUIRE(std::holds_alternative<Keep>(ask(voter, from("a", 1), at(0s))));
  settle(voter, true);
  const auto refused = ask(voter, from("b", 2), at(6599ms));
  CHECK(reason(refused) == VoteReason::kServing);
  CHECK(std::get<VoteRefusal>(refused).wait == 1ms);
  CHECK(std::get<VoteRefusal>(refused).kept == 1);
  CHECK(std::holds_alternative<Keep>(ask(voter, from("b", 2), at(6600ms))));
}

TEST_CASE("a renewal is confirmed and prolongs, without writing") {
  auto voter = open_voter();
  vote(voter, from("a", 1), at(0s));
  REQUIRE(std::holds_alternative<Confirm>(ask(voter, from("a", 1, 2), at(5s))));
  settle(voter, true);
  CHECK(reason(ask(voter, from("b", 2), at(11599ms))) == VoteReason::kServing);
}

TEST_CASE("nobody gets a vote in an epoch in which another has it, nor in an older one") {
  auto voter = open_voter({7, "a", kLease});
  CHECK(reason(ask(voter, from("b", 7), at(0s))) == VoteReason::kOldEpoch);
  CHECK(reason(ask(voter, from("a", 6), at(0s))) == VoteReason::kOldEpoch);
  CHECK(std::holds_alternative<Keep>(ask(voter, from("b", 8), at(0s))));
}

TEST_CASE("after a start a voter holds back, as long as a lease that it may have granted lasts") {
  auto voter = start({7, "a", 10s}, kLease, at(0s));
  CHECK(reason(ask(voter, from("b", 8), at(10999ms))) == VoteReason::kHolding);
  CHECK(reason(ask(voter, from("a", 8), at(10999ms))) == VoteReason::kHolding);
  CHECK(std::holds_alternative<Keep>(ask(voter, from("b", 8), at(11s))));
  auto empty = start({}, kLease, at(0s));
  CHECK(reason(ask(empty, from("b", 1), at(6599ms))) == VoteReason::kHolding);
}

TEST_CASE("who has the vote already goes on with it after the voter's start") {
  auto voter = start({7, "a", kLease}, kLease, at(0s));
  REQUIRE(std::holds_alternative<Confirm>(ask(voter, from("a", 7), at(1s))));
  settle(voter, true);
  CHECK(reason(ask(voter, from("b", 8), at(7s))) == VoteReason::kServing);
}

TEST_CASE("a probe changes nothing") {
  auto voter = open_voter();
  auto request = from("a", 3);
  request.request.probe = true;
  CHECK(std::get<VoteGrant>(ask(voter, request, at(0s))).probe);
  CHECK(is_free(voter, at(0s)));
  CHECK(voter.kept == Vote{});
}

TEST_CASE("a release frees the voter at once, but only of that lease") {
  auto voter = open_voter();
  vote(voter, from("a", 5), at(0s));
  CHECK_FALSE(release(voter, "a", 4, at(1s)));
  CHECK_FALSE(release(voter, "b", 5, at(1s)));
  CHECK(reason(ask(voter, from("b", 6), at(1s))) == VoteReason::kServing);
  CHECK(release(voter, "a", 5, at(1s)));
  CHECK(std::holds_alternative<Keep>(ask(voter, from("b", 6), at(1s))));
}

TEST_CASE("requests that make no sense are refused") {
  auto voter = open_voter();
  CHECK(reason(ask(voter, from("a", 0), at(0s))) == VoteReason::kOldEpoch);
  CHECK(reason(ask(voter, from("a", kMaxEpoch + 1), at(0s))) == VoteReason::kOldEpoch);
  for (const Duration lease :
       {Duration(0), Duration(-1), Duration::min(), kLongestLease + 1us, Duration::max()}) {
    auto request = from("a", 1);
    request.request.lease = lease;
    CHECK(reason(ask(voter, request, at(0s))) == VoteReason::kLease);
  }
}

TEST_CASE("a vote that seemed to fail and is on the disk all the same uses up its epoch") {
  auto voter = open_voter({5, "a", kLease});
  REQUIRE(std::holds_alternative<Keep>(ask(voter, from("b", 6), at(0s))));
  const auto answer = settle(voter, false, VoteReason::kOldEpoch);
  CHECK(std::get<VoteRefusal>(answer).kept == 6);
}

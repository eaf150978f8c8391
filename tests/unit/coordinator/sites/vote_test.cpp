// The coordinator's vote for one node of a pair, and roles that change within a session.
#include <catch2/catch.hpp>

#include "tests/unit/coordinator/sites/field.hpp"

namespace fieldline::sites {
namespace {

// Both nodes welcomed, and the boot hold over.
struct Pair {
  Field field;
  std::unique_ptr<ScriptedNode> a = field.welcomed(kA, Role::kActive);
  std::unique_ptr<ScriptedNode> b = field.welcomed(kB, Role::kStandby);

  Pair() { field.time.run_for(7s); }
  void ask(ScriptedNode& node, std::uint64_t epoch, std::uint64_t number) {
    node.send(VoteRequest{epoch, 6s, number, false});
    field.time.run_for(100ms);
  }
  [[nodiscard]] lease::Vote on_disk() { return (*field.votes.all())["north"]; }
};

TEST_CASE("the coordinator votes for one node at a time, durably") {
  Pair pair;
  pair.ask(*pair.a, 3, 11);
  CHECK(pair.a->grants == std::vector{VoteGrant{3, 11, false}});
  CHECK(pair.on_disk() == lease::Vote{3, "a", 6s});
  pair.ask(*pair.b, 4, 1);
  REQUIRE(pair.b->refusals.size() == 1);
  CHECK(pair.b->refusals[0].reason == VoteReason::kServing);
  CHECK(pair.b->refusals[0].kept == 3);
  pair.field.time.run_for(6600ms);
  pair.ask(*pair.b, 4, 2);
  CHECK(pair.b->grants == std::vector{VoteGrant{4, 2, false}});
  CHECK(pair.on_disk() == lease::Vote{4, "b", 6s});
}

TEST_CASE("a coordinator that starts gives no new vote until the boot hold is over") {
  Field field;
  auto a = field.welcomed(kA, Role::kActive);
  a->send(VoteRequest{3, 6s, 1, false});
  field.time.run_for(100ms);
  REQUIRE(a->refusals.size() == 1);
  CHECK(a->refusals[0].reason == VoteReason::kHolding);
  CHECK(a->refusals[0].wait > 0s);
}

TEST_CASE("a coordinator votes by what the one before it voted") {
  Pair pair;
  pair.ask(*pair.a, 3, 11);
  REQUIRE(pair.a->grants.size() == 1);
  // The next one, on the same database, in the next term.
  pair.field.set_term(kTerm + 1);
  database::SiteVotes rows(**pair.field.database, kTerm + 1);
  Booths booths(*pair.field.loop, rows);
  REQUIRE(booths.load());
  booths.define({kA, kB});
  std::vector<lease::Answer> answers;
  const auto ask = [&](const NodeId& node, std::uint64_t epoch) {
    pair.field.on_loop([&] {
      booths.ask(node, {epoch, 6s, 1, false},
                 [&](const lease::Answer& answer) { answers.push_back(answer); });
    });
    REQUIRE(pair.field.time.run_until([&] { return !answers.empty(); }, 1s));
    const auto answer = answers.back();
    answers.clear();
    return answer;
  };
  CHECK(std::get<VoteRefusal>(ask(kB, 4)).reason == VoteReason::kHolding);
  CHECK(std::holds_alternative<VoteGrant>(ask(kA, 3)));
  SECTION("and the one before gives no vote any more, and renews none") {
    pair.ask(*pair.a, 3, 12);
    REQUIRE(pair.a->refusals.size() == 1);
    CHECK(pair.a->refusals[0].reason == VoteReason::kNotLeading);
    pair.ask(*pair.a, 5, 13);
    REQUIRE(pair.a->refusals.size() == 2);
    CHECK(pair.a->refusals[1].reason == VoteReason::kNotLeading);
    CHECK(pair.on_disk() == lease::Vote{3, "a", 6s});
  }
}

TEST_CASE("a node that releases its lease lets the other one be voted for at once") {
  Pair pair;
  pair.ask(*pair.a, 3, 1);
  pair.a->send(LeaseRelease{3, false});
  pair.ask(*pair.b, 4, 1);
  CHECK(pair.b->grants.size() == 1);
}

TEST_CASE("a node can't release the lease of the other") {
  Pair pair;
  pair.ask(*pair.a, 3, 1);
  pair.b->send(LeaseRelease{3, false});
  pair.ask(*pair.b, 4, 1);
  CHECK(pair.b->grants.empty());
}

TEST_CASE("a role that changes within a session counts from then on, and what the node holds is asked for") {
  Pair pair;
  pair.a->send(RoleChange{3, NodePhase::kFenced, Role::kStandby});
  pair.field.time.run_for(100ms);
  CHECK_FALSE(pair.field.sites.active("north"));
  pair.field.keeper.inventories.clear();
  pair.b->send(RoleChange{4, NodePhase::kActive, Role::kActive});
  pair.field.time.run_for(100ms);
  CHECK(pair.field.sites.active("north") == kB);
  CHECK(pair.field.sites.standby("north") == kA);
  CHECK(pair.field.sites.node(kB)->role == Role::kActive);
  CHECK(pair.field.sites.node(kB)->epoch == 4);
  CHECK(pair.field.heard(NodeEventKind::kRole));
  CHECK(pair.field.keeper.inventories.size() == 1);
  CHECK_FALSE(pair.field.heard(NodeEventKind::kWarning, "two-active"));
  pair.a->send(RoleChange{5, NodePhase::kActive, Role::kActive});
  pair.field.time.run_for(100ms);
  CHECK(pair.field.heard(NodeEventKind::kWarning, "two-active"));
}

TEST_CASE("a vote request before HELLO is rejected") {
  Pair pair;
  auto stranger = pair.field.node(kA, Role::kActive, "a");
  stranger->send(VoteRequest{9, 6s, 1, false});
  pair.field.time.run_for(1s);
  CHECK(stranger->grants.empty());
  CHECK(pair.on_disk() == lease::Vote{});
}

}  // namespace
}  // namespace fieldline::sites

// The outbox of a node whose journal follows another one.
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/agent/journal/journal_pair.hpp"
#include "tests/unit/agent/outbox/node.hpp"

namespace fieldline::outbox {
namespace {

using namespace std::chrono_literals;
using Arrived = std::vector<std::string>;

// Node a with its outbox, and the journal of node b.
struct Standby {
  Standby() { b.become_active(3); }

  Result<> outcome_of(const std::function<void(journal::Journal::Done<>)>& begin) {
    const auto answer = node.disk.answer_of<bool>([&](auto done) {
      begin([done](const Result<>& outcome) {
        done(outcome ? Result<bool>(true) : Result<bool>(fail(outcome.error())));
      });
    });
    return answer ? Result<>() : fail(answer.error());
  }
  // All that b has.
  void take_snapshot() {
    auto& own = node.disk.journal();
    const auto records = b.records(0);
    REQUIRE(records.through == records.newest);
    REQUIRE(outcome_of([&](auto done) { own.begin_snapshot(b.journal().journal(), done); }));
    REQUIRE(outcome_of(
        [&](auto done) { own.apply(journal::reach_of(b, records.through), records.records, done); }));
    REQUIRE(outcome_of([&](auto done) { own.end_snapshot(done); }));
  }

  Node node;
  journal::PairNode b{node.disk.time, "b"};
};

TEST_CASE("a standby counts what its active node has, and delivers it once it is active itself") {
  Standby pair;
  const auto one = pair.b.accept("one");
  const auto two = pair.b.accept("two");
  const auto three = pair.b.accept("three");
  pair.b.park(two.id);
  pair.take_snapshot();
  CHECK(pair.node.status().depth == 2);
  CHECK(pair.node.status().parked == 1);
  CHECK(pair.node.status().bytes == one.bytes + two.bytes + three.bytes);
  CHECK(pair.node.status().oldest == message_to(kErp, "").accepted);
  pair.b.deliver(one.id);
  pair.take_snapshot();
  CHECK(pair.node.status().depth == 1);
  pair.node.start();
  REQUIRE(pair.node.until([&] { return pair.node.status().depth == 0; }));
  CHECK(pair.node.courier->bodies() == Arrived{"three"});
  CHECK(pair.node.courier->arrived.front().id == three.id);
  CHECK(pair.node.status().bytes == two.bytes);
}

TEST_CASE("what a node had read when it lost its role is read anew when it is active again") {
  Standby pair;
  auto& node = pair.node;
  node.start();
  node.courier->silent = true;
  for (const auto* body : {"one", "two", "three"}) REQUIRE(node.send(body));
  REQUIRE(node.until([&] { return !node.courier->arrived.empty(); }));
  bool stopped = false;
  node.disk.call([&] { node.outbox->stop(1s, [&] { stopped = true; }); });
  REQUIRE(node.until([&] { return stopped; }));
  // b has taken the messages over, delivered the first two and accepted another one.
  const auto tail =
      *node.disk.answer_of<journal::Records>([&](auto done) { node.disk.journal().unshared(0, done); });
  REQUIRE(pair.b.answer_of<std::vector<journal::Fate>>(
      [&](auto done) { pair.b.journal().adopt(tail.records, done); }));
  pair.b.deliver(*tail.records[0].id);
  pair.b.deliver(*tail.records[1].id);
  pair.b.accept("four");
  pair.take_snapshot();
  CHECK(node.status().depth == 2);
  node.courier->silent = false;
  node.courier->arrived.clear();
  node.start();
  REQUIRE(node.until([&] { return node.status().depth == 0; }));
  CHECK(node.courier->bodies() == Arrived{"three", "four"});
}

TEST_CASE("an active node delivers what it takes over from its standby") {
  Standby pair;
  pair.b.accept("tail");
  pair.node.start();
  const auto tail =
      *pair.b.answer_of<journal::Records>([&](auto done) { pair.b.journal().unshared(0, done); });
  REQUIRE(pair.node.disk.answer_of<std::vector<journal::Fate>>(
      [&](auto done) { pair.node.disk.journal().adopt(tail.records, done); }));
  REQUIRE(pair.node.until([&] { return pair.node.status().depth == 0; }));
  CHECK(pair.node.courier->bodies() == Arrived{"tail"});
}

}  // namespace
}  // namespace fieldline::outbox

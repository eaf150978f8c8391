// How the journals of two nodes become one.
#include <algorithm>

#include "agent/journal/limits.hpp"
#include "tests/unit/agent/journal/journal_pair.hpp"

namespace fieldline::journal {
namespace {

using Bodies = std::vector<std::string>;

TEST_CASE("a standby has what its active node accepted, parked, retried and ended") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  const auto two = pair.a.accept("two");
  const auto three = pair.a.accept("three");
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"one", "two", "three"});
  CHECK(pair.b.waiting().front().message.id == one.id);
  pair.a.deliver(one.id);
  pair.a.park(two.id, "no such order");
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"three"});
  CHECK(pair.b.ending(one.id) == Ending::kDelivered);
  REQUIRE(pair.b.parked().size() == 1);
  CHECK(pair.b.parked().front().id == two.id);
  CHECK(pair.b.parked().front().reason == "no such order");
  pair.a.retry(two.id);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"three", "two"});
  CHECK(pair.b.parked().empty());
  pair.b.restart();
  CHECK(pair.b.journal().followed() == reach_of(pair.a, pair.a.records(0).newest));
  CHECK(pair.b.bodies() == Bodies{"three", "two"});
  pair.b.check_counts();
}

// b's journal says of a's messages what a's says.
void check_alike(TwoNodes& pair) {
  CHECK(pair.b.bodies() == pair.a.bodies());
  CHECK(pair.b.kept("Pump") == pair.a.kept("Pump"));
  const auto parked = [](PairNode& node) {
    std::vector<std::pair<MessageId, std::string>> all;
    for (const auto& message : node.parked()) all.emplace_back(message.id, message.reason);
    std::sort(all.begin(), all.end());
    return all;
  };
  CHECK(parked(pair.b) == parked(pair.a));
  pair.a.check_counts();
  pair.b.check_counts();
}

TEST_CASE("an old active node brings what it alone accepted to the new one, once") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto shared = pair.a.accept("shared");
  REQUIRE(follow(pair.a, pair.b));
  acknowledge(pair.b, pair.a);
  const auto tail = pair.a.accept("tail");
  const auto poison = pair.a.accept("poison");
  pair.a.park(poison.id, "no");
  pair.b.become_active(4);
  pair.b.deliver(shared.id);
  pair.b.accept("new");
  pair.a.restart();
  REQUIRE(follow(pair.b, pair.a));
  CHECK(pair.a.bodies() == Bodies{"tail", "new"});
  CHECK(pair.a.ending(shared.id) == Ending::kDelivered);
  offer(pair.a, pair.b);
  CHECK(pair.b.bodies() == Bodies{"new", "tail"});
  CHECK(pair.b.parked().front().id == poison.id);
  REQUIRE(follow(pair.b, pair.a));
  check_alike(pair);
  pair.b.deliver(tail.id);
  REQUIRE(follow(pair.b, pair.a));
  CHECK(pair.a.ending(tail.id) == Ending::kDelivered);
  CHECK(pair.a.bodies() == Bodies{"new"});
  offer(pair.a, pair.b);
  CHECK(pair.b.bodies() == Bodies{"new"});
}

TEST_CASE("what the new active node has ended, ends on the old one that offers it") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto delivered = pair.a.accept("delivered");
  const auto dropped = pair.a.accept("dropped");
  REQUIRE(follow(pair.a, pair.b));  // a does not get to know it
  pair.b.become_active(4);
  pair.b.deliver(delivered.id);
  pair.b.deliver(dropped.id, Ending::kDropped);
  const auto tail = *pair.a.answer_of<Records>([&](auto done) { pair.a.journal().unshared(0, done); });
  REQUIRE(tail.records.size() == 2);
  const auto fates =
      pair.b.answer_of<std::vector<Fate>>([&](auto done) { pair.b.journal().adopt(tail.records, done); });
  CHECK(*fates == std::vector{Fate::kDelivered, Fate::kDropped});
  REQUIRE(pair.a.outcome_of([&](auto done) {
    pair.a.journal().resolve({delivered.place, dropped.place}, *fates, done);
  }));
  CHECK(pair.a.bodies().empty());
  CHECK(pair.a.ending(dropped.id) == Ending::kDropped);
  CHECK(pair.b.bodies().empty());
  pair.a.check_counts();
}

TEST_CASE("a message that the old active node ended is not delivered again once that one is back") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  REQUIRE(follow(pair.a, pair.b));
  pair.a.deliver(one.id);
  pair.b.become_active(4);
  CHECK(pair.b.bodies() == Bodies{"one"});
  REQUIRE(follow(pair.b, pair.a));
  CHECK(pair.a.bodies().empty());
  CHECK(pair.a.ending(one.id) == Ending::kDelivered);
  offer(pair.a, pair.b);
  CHECK(pair.b.bodies().empty());
  CHECK(pair.b.ending(one.id) == Ending::kDelivered);
  pair.b.check_counts();
}

TEST_CASE("after a switch without lag the old active node goes on where it was, without a snapshot") {
  TwoNodes pair;
  pair.a.become_active(3);
  pair.a.accept("one");
  REQUIRE(follow(pair.a, pair.b));
  offer(pair.b, pair.a);
  acknowledge(pair.b, pair.a);
  CHECK(pair.a.journal().followed().place == pair.b.journal().level());
  pair.b.become_active(4);
  pair.b.accept("two");
  pair.a.restart();
  const auto& followed = pair.a.journal().followed();
  REQUIRE(followed.journal == pair.b.journal().journal());
  REQUIRE(followed.place > 0);
  CHECK(pair.b.records(followed.place).records.size() == 1);
  REQUIRE(follow(pair.b, pair.a));
  check_alike(pair);
  SECTION("but one that wrote more meanwhile takes a snapshot") {
    pair.a.accept("late");
    CHECK(pair.a.journal().followed().place == 0);
    REQUIRE(follow(pair.b, pair.a));
    offer(pair.a, pair.b);
    REQUIRE(follow(pair.b, pair.a));
    check_alike(pair);
    CHECK(pair.b.bodies() == Bodies{"one", "two", "late"});
  }
}

TEST_CASE("records do not join when this node has written meanwhile, or they are of another journal") {
  TwoNodes pair;
  pair.a.become_active(3);
  pair.a.accept("one");
  const auto apply = [&] {
    const auto records = pair.a.records(0);
    return pair.b.apply(reach_of(pair.a, records.through), records.records);
  };
  CHECK(apply().error().code == ErrorCode::kConflict);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(apply());
  CHECK(pair.b.bodies() == Bodies{"one"});  // the same again changes nothing
  pair.b.accept("own");
  CHECK(apply().error().code == ErrorCode::kConflict);
  CHECK(pair.b.bodies() == Bodies{"one", "own"});
}

TEST_CASE("records that changed on their way, or that no peer may send, are refused whole") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  const auto two = pair.a.accept("two");
  pair.a.deliver(two.id);
  REQUIRE(pair.a.keep("Pump", {{"values/Setpoint", "7"}}));
  REQUIRE(follow(pair.a, pair.b));
  const auto batch = pair.a.records(one.place - 1);
  REQUIRE(batch.records.size() == 3);
  const auto reach = reach_of(pair.a, batch.through);
  const auto refused = [&](std::size_t which, const std::function<void(Record&)>& change, bool sign = false) {
    auto records = batch.records;
    change(records[which]);
    if (sign) records[which].crc = check_of(records[which]);
    const auto before = pair.b.journal().followed();
    const auto outcome = pair.b.apply(reach, records);
    CHECK(pair.b.journal().followed() == before);
    return !outcome && outcome.error().code == ErrorCode::kInvalid;
  };
  for (std::size_t which = 0; which < 3; ++which) {
    CHECK(refused(which, [](Record& r) { r.bytes.back() ^= 1; }));
    CHECK(refused(which, [](Record& r) { r.at += Duration(1); }));
    CHECK(refused(which, [](Record& r) { ++r.place; }));
    CHECK(refused(which, [](Record& r) { ++r.epoch; }));
    CHECK(refused(which, [](Record& r) { r.note += 'x'; }));
    CHECK(refused(
        which, [](Record& r) { r.kind = static_cast<RecordKind>(6); }, true));
    CHECK(refused(
        which, [](Record& r) { r.bytes.assign(kRecordBytes + 1, 'x'); }, true));
    CHECK(refused(
        which, [](Record& r) { r.note = "\xff"; }, true));
  }
  CHECK(refused(0, [](Record& r) { r.id->sequence = 9; }));
  CHECK(refused(
      0, [](Record& r) { r.id.reset(); }, true));
  CHECK(refused(
      0, [](Record& r) { r.id->site = "south"; }, true));
  CHECK(refused(
      0, [](Record& r) { r.id->sequence = ~std::uint64_t{0}; }, true));
  CHECK(refused(
      0, [](Record& r) { r.bytes = "\x81"; }, true));
  CHECK(refused(
      1, [](Record& r) { r.bytes = "\xdd\xff\xff\xff\xff"; }, true));
  CHECK(refused(
      2, [](Record& r) { r.bytes = "no NUL"; }, true));
  CHECK(pair.b.bodies() == Bodies{"one"});
  CHECK(pair.b.kept("Pump") == KeptStates{{"values/Setpoint", "7"}});
  CHECK(pair.b.answer_of<std::vector<Fate>>([&](auto done) { pair.b.journal().adopt(batch.records, done); })
            .error()
            .code == ErrorCode::kInvalid);
}

TEST_CASE("a standby that was away too long takes a snapshot, and loses what ended meanwhile") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto gone = pair.a.accept("gone");
  pair.a.accept("stays");
  REQUIRE(pair.a.keep("Pump", {{"values/Old", "1"}, {"values/Setpoint", "1"}}));
  REQUIRE(follow(pair.a, pair.b));
  pair.a.deliver(gone.id);
  REQUIRE(pair.a.forget("Pump"));
  REQUIRE(pair.a.keep("Pump", {{"values/Setpoint", "2"}}));
  pair.a.accept("new");
  const auto newest = std::to_string(pair.a.records(0).newest);
  pair.a.tamper("DELETE FROM records WHERE shelf IS NULL");
  pair.a.tamper("UPDATE node SET pruned = " + newest);
  CHECK(pair.a.records(pair.b.journal().followed().place).gap);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"stays", "new"});
  CHECK(pair.b.kept("Pump") == KeptStates{{"values/Setpoint", "2"}});
  check_alike(pair);
}

TEST_CASE("a snapshot that breaks off begins anew, and until then says that it is needed") {
  TwoNodes pair;
  pair.a.become_active(3);
  for (int i = 0; i < 5; ++i) pair.a.accept(std::string(50'000, static_cast<char>('a' + i)));
  REQUIRE_FALSE(follow(pair.a, pair.b, 2));
  CHECK(pair.b.journal().followed().place == 0);
  CHECK(pair.b.journal().position() == JournalPosition{});
  pair.b.restart();
  CHECK(pair.b.journal().followed().place == 0);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.journal().position() == pair.a.journal().position());
  check_alike(pair);
}

TEST_CASE("a peer with a new disk gets everything, and what it gave before is offered to it again") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto kept = pair.a.accept("kept");
  REQUIRE(follow(pair.a, pair.b));
  acknowledge(pair.b, pair.a);
  pair.b.become_active(4);
  const auto by_b = pair.b.accept("by b");
  REQUIRE(follow(pair.b, pair.a));
  acknowledge(pair.a, pair.b);
  SECTION("the standby's is new") {
    pair.a.replace_disk();
    REQUIRE(follow(pair.b, pair.a));
    check_alike(pair);
    CHECK(pair.a.bodies() == Bodies{"kept", "by b"});
    CHECK(pair.a.waiting().front().message.id == kept.id);
    acknowledge(pair.a, pair.b);
    const auto tail = *pair.b.answer_of<Records>([&](auto done) { pair.b.journal().unshared(0, done); });
    CHECK(tail.records.empty());
  }
  SECTION("the active node's is new") {
    pair.b.replace_disk();
    pair.b.become_active(5);
    REQUIRE(follow(pair.b, pair.a));
    CHECK(pair.a.bodies() == Bodies{"kept", "by b"});
    offer(pair.a, pair.b);
    CHECK(pair.b.bodies() == Bodies{"kept", "by b"});
    CHECK(pair.b.waiting().back().message.id == by_b.id);
    REQUIRE(follow(pair.b, pair.a));
    check_alike(pair);
  }
}

TEST_CASE("a peer that takes over before its new disk has anything is offered what the old one had") {
  TwoNodes pair;
  pair.a.become_active(3);
  pair.a.accept("kept");
  REQUIRE(follow(pair.a, pair.b));
  acknowledge(pair.b, pair.a);
  pair.b.replace_disk();
  REQUIRE_FALSE(follow(pair.a, pair.b, 0));
  acknowledge(pair.b, pair.a);
  pair.b.become_active(4);
  REQUIRE(follow(pair.b, pair.a));
  CHECK(pair.a.bodies() == Bodies{"kept"});
  offer(pair.a, pair.b);
  CHECK(pair.b.bodies() == Bodies{"kept"});
}

TEST_CASE("what a peer whose disk was set back has lost is not swept away here, but offered to it") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  pair.a.accept("two");
  pair.a.accept("three");
  REQUIRE(follow(pair.a, pair.b));
  pair.a.tamper("DELETE FROM records WHERE place > " + std::to_string(one.place));
  pair.a.restart();
  CHECK(pair.a.records(pair.b.journal().followed().place).gap);
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.bodies() == Bodies{"two", "three", "one"});
  offer(pair.b, pair.a);
  CHECK(pair.a.bodies() == Bodies{"one", "two", "three"});
}

TEST_CASE("a node that can't read any more what it knew of its peer takes a snapshot and offers everything") {
  TwoNodes pair;
  pair.a.become_active(3);
  pair.a.accept("one");
  REQUIRE(follow(pair.a, pair.b));
  pair.b.tamper("UPDATE peer SET place = place + 4096");
  pair.b.restart();
  CHECK(pair.b.journal().followed().place == 0);
  REQUIRE(follow(pair.a, pair.b));
  offer(pair.b, pair.a);
  check_alike(pair);
  CHECK(pair.b.bodies() == Bodies{"one"});
}

TEST_CASE("how far a journal reaches counts what it wrote while active and what it has of its peer") {
  TwoNodes pair;
  CHECK(pair.a.journal().position() == JournalPosition{});
  pair.a.become_active(3);
  const auto one = pair.a.accept("one");
  CHECK(pair.a.journal().position() == JournalPosition{3, one.id.sequence});
  REQUIRE(follow(pair.a, pair.b));
  CHECK(pair.b.journal().position() == JournalPosition{3, one.id.sequence});
  pair.a.accept("two");
  CHECK(pair.b.journal().position() < pair.a.journal().position());
  pair.b.become_active(4);
  CHECK(pair.b.journal().position() > pair.a.journal().position());
  pair.b.restart();
  CHECK(pair.b.journal().position() > pair.a.journal().position());
  REQUIRE(follow(pair.b, pair.a));
  CHECK(pair.a.journal().position() == pair.b.journal().position());
  pair.a.restart();
  CHECK(pair.a.journal().position() == pair.b.journal().position());
}

TEST_CASE("records of this node's own tell who follows it, once for many, and the peer's do not") {
  TwoNodes pair;
  int told = 0;
  pair.a.journal().on_growth([&] { ++told; });
  pair.a.run([&] {
    for (int i = 0; i < 10; ++i)
      pair.a.journal().accept(message_to(kErp, "x"), [](const Result<Accepted>&) {});
  });
  CHECK(told == 1);
  int standby_told = 0;
  pair.b.journal().on_growth([&] { ++standby_told; });
  REQUIRE(follow(pair.a, pair.b));
  CHECK(standby_told == 0);
}

TEST_CASE("a damaged message is asked of the peer by its id, and comes back as it was") {
  TwoNodes pair;
  pair.a.become_active(3);
  const auto harmed = pair.a.accept("harmed");
  pair.a.accept("sound");
  REQUIRE(follow(pair.a, pair.b));
  pair.a.tamper("UPDATE records SET bytes = CAST('x' AS BLOB) WHERE place = " + std::to_string(harmed.place));
  CHECK(pair.a.bodies() == Bodies{"sound"});
  pair.time.run_for(std::chrono::milliseconds(10));
  const std::vector wanted{harmed.id};
  REQUIRE(pair.a.journal().wanted() == wanted);
  pair.a.restart();
  REQUIRE(pair.a.journal().wanted() == wanted);
  const auto found = *pair.b.answer_of<std::vector<Record>>(
      [&](auto done) { pair.b.journal().find(pair.a.journal().wanted(), done); });
  REQUIRE(found.size() == 1);
  auto altered = found;
  altered.front().bytes.back() ^= 1;
  CHECK_FALSE(pair.a.outcome_of([&](auto done) { pair.a.journal().restore(altered, done); }));
  REQUIRE(pair.a.outcome_of([&](auto done) { pair.a.journal().restore(found, done); }));
  CHECK(pair.a.journal().wanted().empty());
  CHECK(pair.a.bodies() == Bodies{"sound", "harmed"});
  CHECK(pair.a.waiting().back().message.id == harmed.id);
  pair.a.check_counts();
  pair.a.restart();
  CHECK(pair.a.journal().wanted().empty());
}

TEST_CASE("the place of a damaged message is not given again") {
  TwoNodes pair;
  const auto harmed = pair.a.accept("harmed");
  pair.a.tamper("UPDATE records SET bytes = CAST('x' AS BLOB) WHERE shelf > 0");
  CHECK(pair.a.bodies().empty());
  pair.time.run_for(std::chrono::milliseconds(10));
  pair.a.restart();
  CHECK(pair.a.accept("next").place > harmed.place);
}

}  // namespace
}  // namespace fieldline::journal

#include "agent/journal/journal.hpp"

#include <catch2/catch.hpp>

#include "agent/journal/limits.hpp"
#include "tests/unit/agent/journal/journal_disk.hpp"

namespace fieldline::journal {
namespace {

using Texts = std::vector<std::string>;

Settlement delivered(const Accepted& accepted) {
  return {accepted.place, accepted.id, Ending::kDelivered, Timestamp(Duration(7)), "201 Created"};
}

TEST_CASE("an accepted message is found again after a restart, with its id, in its lane's order") {
  JournalDisk disk;
  const auto first = disk.accept(message_to(kErp, "one"));
  REQUIRE(first);
  CHECK(first->id.site == "north");
  CHECK(first->id.node == "a");
  CHECK(first->id.sequence == static_cast<std::uint64_t>(first->place));
  REQUIRE(disk.accept(message_to("external-systems/mes", "other")));
  REQUIRE(disk.accept(message_to(kErp, "two")));
  disk.restart();
  CHECK(disk.bodies(kErp) == Texts{"one", "two"});
  CHECK(disk.window(kErp).messages.front().message.id == first->id);
  const auto& found = disk.journal().found().at(kErp);
  CHECK(found.messages == 2);
  CHECK(found.bytes == 2 * first->bytes);
}

TEST_CASE("a message that is not answered yet may be lost with the process, one that is answered never is") {
  JournalDisk disk;
  bool answered = false;
  disk.call([&] {
    disk.journal().accept(message_to(kErp, "x"), [&](const Result<Accepted>&) { answered = true; });
  });
  disk.restart();
  CHECK_FALSE(answered);
  CHECK(disk.bodies(kErp).empty());
}

TEST_CASE("places rise by one for each record, and no place is given twice though what it held is gone") {
  JournalDisk disk;
  const auto first = disk.accept(message_to(kErp, "one"));
  REQUIRE(disk.settle({delivered(*first)}));
  CHECK(disk.newest() == first->place + 1);
  disk.restart();
  const auto second = disk.accept(message_to(kErp, "two"));
  CHECK(second->place == first->place + 2);
}

TEST_CASE("a settled message leaves its lane, and its proof says when and where it went") {
  JournalDisk disk;
  const auto accepted = disk.accept(message_to(kErp, "one"));
  const auto proof_of = [&] {
    return disk.answer_of<Proof>([&](auto done) { disk.journal().proof(accepted->id, done); });
  };
  CHECK(proof_of().error().code == ErrorCode::kNotFound);
  REQUIRE(disk.settle({delivered(*accepted)}));
  disk.restart();
  CHECK(disk.bodies(kErp).empty());
  const auto proof = proof_of();
  REQUIRE(proof);
  CHECK(proof->target == kErp);
  CHECK(proof->detail == "201 Created");
  CHECK(proof->at == Timestamp(Duration(7)));
  CHECK(proof->ending == Ending::kDelivered);
}

TEST_CASE("a parked message waits for a person with its reason, and retried it comes last under its old id") {
  JournalDisk disk;
  const auto poison = disk.accept(message_to(kErp, "poison"));
  REQUIRE(disk.accept(message_to(kErp, "next")));
  REQUIRE(disk.park(poison->place, "refused: 422"));
  disk.restart();
  CHECK(disk.bodies(kErp) == Texts{"next"});
  CHECK(disk.journal().found().at(kErp).parked == 1);
  const auto parked = disk.parked(kErp);
  REQUIRE(parked.size() == 1);
  CHECK(parked[0].id == poison->id);
  CHECK(parked[0].reason == "refused: 422");
  CHECK(parked[0].instance == "Pump");
  CHECK(disk.parked("external-systems/unknown").empty());

  const auto portion = disk.answer_of<MovedPortion>([&](auto done) {
    disk.journal().retry({poison->id, "", ""}, "", done);
  });
  REQUIRE(portion);
  REQUIRE(portion->moved.size() == 1);
  CHECK(portion->moved.front().messages == 1);
  CHECK(portion->next.empty());
  CHECK(disk.bodies(kErp) == Texts{"next", "poison"});
  CHECK(disk.window(kErp).messages.back().message.id == poison->id);
  CHECK(disk.parked().empty());
}

TEST_CASE("parked messages are discarded by target, by instance or by id, and their proof names who did it") {
  JournalDisk disk;
  auto other = message_to(kErp, "of another");
  other.instance = "Mixer";
  const auto mixers = disk.accept(other);
  const auto pumps = disk.accept(message_to(kErp, "of the pump"));
  for (const auto& accepted : {mixers, pumps}) REQUIRE(disk.park(accepted->place, "no"));
  const auto discard = [&](const ParkedFilter& filter) {
    return disk
        .answer_of<MovedPortion>(
            [&](auto done) { disk.journal().discard(filter, "", "discarded by ann", done); })
        ->moved;
  };
  CHECK(discard({{}, "", "external-systems/mes"}).empty());
  CHECK(discard({{}, "Mixer", kErp}).size() == 1);
  CHECK(disk.parked().front().id == pumps->id);
  CHECK(discard({}).front().messages == 1);
  CHECK(disk.parked().empty());
  const auto proof = disk.answer_of<Proof>([&](auto done) { disk.journal().proof(mixers->id, done); });
  REQUIRE(proof);
  CHECK(proof->ending == Ending::kDiscarded);
  CHECK(proof->detail == "discarded by ann");
}

TEST_CASE("a message is found whole by its id while it waits, is parked, or waits again, and then no more") {
  JournalDisk disk;
  REQUIRE(disk.accept(message_to(kErp, "before")));
  const auto accepted = disk.accept(message_to(kErp, "one"));
  const auto live = [&] {
    return disk.answer_of<LiveMessage>([&](auto done) { disk.journal().live(accepted->id, done); });
  };
  CHECK(body_of(live()->message) == "one");
  CHECK_FALSE(live()->parked);
  REQUIRE(disk.park(accepted->place, "no"));
  REQUIRE(live());
  CHECK(live()->parked);
  CHECK(live()->reason == "no");
  CHECK(live()->message.id == accepted->id);
  REQUIRE(disk.answer_of<MovedPortion>([&](auto done) { disk.journal().retry({}, "", done); }));
  CHECK_FALSE(live()->parked);
  auto other = accepted->id;
  other.node = "b";
  CHECK(disk.answer_of<LiveMessage>([&](auto done) { disk.journal().live(other, done); }).error().code ==
        ErrorCode::kNotFound);
  const auto place = disk.window(kErp).messages.back().place;
  REQUIRE(disk.settle({{place, accepted->id, Ending::kDelivered, {}, "200"}}));
  CHECK(live().error().code == ErrorCode::kNotFound);
}

TEST_CASE("parked messages of one instance are found among many of another, a page or a portion at a time") {
  JournalDisk disk;
  const auto park = [&](const std::string& instance) {
    auto message = message_to(kErp, "x");
    message.instance = instance;
    REQUIRE(disk.park(disk.accept(message)->place, "no"));
  };
  park("Mixer");
  for (std::int64_t i = 0; i < kLookedAt; ++i) park("Pump");
  park("Mixer");
  const auto page = [&](const std::string& cursor) {
    return *disk.answer_of<ParkedPage>([&](auto done) {
      disk.journal().parked({{}, "Mixer", ""}, cursor, 100, done);
    });
  };
  const auto first = page("");
  CHECK(first.messages.size() == 1);
  CHECK(page(first.next).messages.size() == 1);
  CHECK(page(first.next).next.empty());
  CHECK(page("not a cursor").messages == first.messages);
  const auto discard = [&](const std::string& cursor) {
    return *disk.answer_of<MovedPortion>([&](auto done) {
      disk.journal().discard({{}, "Mixer", kErp}, cursor, "", done);
    });
  };
  const auto portion = discard("");
  park("Mixer");  // too late for this one
  CHECK(portion.moved.front().messages == 1);
  const auto rest = discard(portion.next);
  CHECK(rest.moved.front().messages == 1);
  CHECK(rest.next.empty());
  CHECK(page(page("").next).messages.size() == 1);
}

TEST_CASE("the oldest messages of a lane are dropped until enough is free, and no more") {
  JournalDisk disk;
  const auto first = disk.accept(message_to(kErp, "one"));
  for (const auto* body : {"two", "six", "ten"}) REQUIRE(disk.accept(message_to(kErp, body)));
  const auto drop = [&](Place after, std::int64_t bytes) {
    return *disk.answer_of<Moved>(
        [&](auto done) { disk.journal().drop(kErp, after, bytes, std::nullopt, done); });
  };
  CHECK(drop(first->place, first->bytes + 1).messages == 2);
  CHECK(disk.bodies(kErp) == Texts{"one", "ten"});
  CHECK(drop(first->place, 0).messages == 0);
}

TEST_CASE("a message whose bytes changed on the disk is set aside and never delivered altered") {
  JournalDisk disk;
  REQUIRE(disk.accept(message_to(kErp, "sound")));
  const auto harmed = disk.accept(message_to(kErp, "harmed"));
  const auto column = GENERATE("bytes = CAST(replace(CAST(bytes AS TEXT), 'harmed', 'Harmed') AS BLOB)",
                               "epoch = 7", "at = at + 1", "crc = crc + 1");
  disk.tamper(std::string("UPDATE records SET ") + column +
              " WHERE place = " + std::to_string(harmed->place));
  const auto window = disk.window(kErp);
  CHECK(window.messages.size() == 1);
  REQUIRE(window.damaged.size() == 1);
  CHECK(window.damaged[0].place == harmed->place);
  disk.time.run_for(std::chrono::milliseconds(10));
  CHECK(disk.window(kErp).damaged.empty());
  CHECK(disk.park(harmed->place, "x").error().code == ErrorCode::kNotFound);
}

TEST_CASE("a message that was moved to another lane on the disk is damaged there") {
  JournalDisk disk;
  REQUIRE(disk.accept(message_to(kErp, "one")));
  REQUIRE(disk.accept(message_to("external-systems/mes", "two")));
  disk.tamper("UPDATE records SET shelf = 1 WHERE shelf = 2");
  CHECK(disk.window(kErp).damaged.size() == 1);
}

TEST_CASE("damage that comes before a message is parked gets no new check") {
  JournalDisk disk;
  const auto harmed = disk.accept(message_to(kErp, "harmed"));
  disk.tamper("UPDATE records SET bytes = CAST('x' AS BLOB) WHERE shelf > 0");
  CHECK(disk.park(harmed->place, "x").error().code == ErrorCode::kCorrupt);
}

TEST_CASE("a message over the limit is refused, and one at most that large is kept") {
  JournalDisk disk;
  CHECK(disk.accept(message_to(kErp, std::string(kMessageBytes, 'x'))).error().code == ErrorCode::kTooLarge);
  CHECK(disk.accept(message_to(kErp, std::string(kMessageBytes - 300, 'x'))));
}

TEST_CASE("accepted messages come back in windows that are bounded, and none is left out") {
  JournalDisk disk;
  constexpr int kMessages = 600;
  int answered = 0;
  disk.call([&] {
    for (int i = 0; i < kMessages; ++i)
      disk.journal().accept(message_to(kErp, std::to_string(i)),
                            [&](const Result<Accepted>& a) { answered += a ? 1 : 0; });
  });
  REQUIRE(disk.time.run_until([&] { return answered == kMessages; }, std::chrono::seconds(10)));
  int next = 0;
  for (Place after = 0;;) {
    const auto window = disk.window(kErp, after);
    CHECK(window.messages.size() <= kWindowMessages);
    if (window.messages.empty()) break;
    for (const auto& waiting : window.messages) REQUIRE(body_of(waiting.message) == std::to_string(next++));
    after = window.through;
  }
  CHECK(next == kMessages);
}

TEST_CASE("a peer reads every change in order, from any place on, in batches that fit a message") {
  JournalDisk disk;
  const auto start = disk.newest();
  const auto large = std::string(40'000, 'x');
  const auto one = disk.accept(message_to(kErp, large));
  const auto two = disk.accept(message_to(kErp, large));
  REQUIRE(disk.park(two->place, "refused"));
  REQUIRE(disk.settle({delivered(*one)}));
  const auto first = disk.records(start);
  CHECK(first.newest == start + 4);
  REQUIRE(first.records.size() == 2);
  CHECK(first.records[0].kind == RecordKind::kParked);
  CHECK(first.records[0].id == two->id);
  CHECK(first.records[0].note == "refused");
  CHECK(first.records[1].kind == RecordKind::kSettled);
  CHECK(first.through == first.newest);
  REQUIRE(disk.accept(message_to(kErp, large)));
  REQUIRE(disk.accept(message_to(kErp, large)));
  const auto second = disk.records(first.through);
  CHECK(second.records.size() == 1);
  CHECK(disk.records(second.through).records.size() == 1);
}

TEST_CASE("the epoch of new messages only rises, and outlives a restart") {
  JournalDisk disk;
  const auto raise = [&](std::uint64_t epoch) {
    const auto raised = disk.answer_of<bool>([&](auto done) {
      disk.journal().raise_epoch(epoch, [done](const Result<>& outcome) { done(outcome.has_value()); });
    });
    CHECK(*raised);
  };
  raise(5);
  raise(3);
  CHECK(disk.accept(message_to(kErp, "x"))->id.epoch == 5);
  disk.restart();
  CHECK(disk.journal().epoch() == 5);
}

TEST_CASE("marks that are too many are pruned, what waits stays, and a reader who would miss some is told") {
  JournalDisk disk;
  disk.call([&] { disk.journal().start(); });
  const auto kept = disk.accept(message_to(kErp, "kept"));
  disk.tamper("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
              std::to_string(kMarks + 10) +
              ") INSERT INTO records (place, kind, epoch, at, size, crc, bytes) SELECT " +
              std::to_string(kept->place) + " + i, 3, 1, 0, 1, 0, CAST('x' AS BLOB) FROM n");
  disk.time.run_for(std::chrono::minutes(3));
  CHECK(disk.bodies(kErp) == Texts{"kept"});
  CHECK(disk.records(kept->place).gap);
  CHECK_FALSE(disk.records(0).gap);
  CHECK_FALSE(disk.records(disk.newest()).gap);
}

TEST_CASE("the journal of another node is refused") {
  VirtualTime time;
  const auto loop = time.executor();
  const sql::ScratchFolder folder;
  const auto open = [&](const std::string& node) {
    auto database = sql::open_inline({folder.connection("journal.db"), "journal", migrations()},
                                     time.executor(), std::chrono::milliseconds(2));
    REQUIRE(database);
    const auto journal = Journal::open(**database, *loop, {"north", node}, "stream");
    return journal ? Result<>() : fail(journal.error());
  };
  CHECK(open("a"));
  CHECK(open("b").error().code == ErrorCode::kConflict);
}

}  // namespace
}  // namespace fieldline::journal

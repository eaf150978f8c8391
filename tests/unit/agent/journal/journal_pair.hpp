// The journals of two nodes, and how one follows the other; on virtual time, each on a file of its own.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/journal/record_rows.hpp"
#include "agent/journal/schema.hpp"
#include "common/base/virtual_time.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/unit/agent/journal/journal_disk.hpp"
#include "tests/unit/common/sql/scratch_folder.hpp"

namespace fieldline::journal {

class PairNode {
 public:
  PairNode(VirtualTime& time, std::string name) : time_(time), name_(std::move(name)) { start(); }
  ~PairNode() { kill(); }
  PairNode(const PairNode&) = delete;

  void kill() {
    journal_.reset();
    database_.reset();
    loop_.reset();
  }
  void start() {
    loop_ = time_.executor();
    auto database = sql::open_inline({folder_->connection("journal.db"), "journal", migrations()},
                                     time_.executor(), std::chrono::milliseconds(2));
    REQUIRE(database);
    database_ = std::move(*database);
    auto journal = Journal::open(*database_, *loop_, {"north", name_}, name_ + std::to_string(++life_));
    REQUIRE(journal);
    journal_ = std::move(*journal);
    changes_.clear();
    journal_->on_lanes([this](const LaneChanges& changes) { count(changes); });
    for (const auto& [target, lane] : journal_->found()) changes_[target] = lane;
  }
  void restart() {
    kill();
    start();
  }
  // The disk is gone, and another one is there.
  void replace_disk() {
    kill();
    folder_ = std::make_unique<sql::ScratchFolder>();
    start();
  }

  template <class T, class Begin>
  Result<T> answer_of(Begin&& begin) {
    std::optional<Result<T>> answer;
    loop_->post([&] { begin([&](Result<T> result) { answer = std::move(result); }); });
    REQUIRE(time_.run_until([&] { return answer.has_value(); }, std::chrono::seconds(10)));
    return std::move(*answer);
  }
  template <class Begin>
  Result<> outcome_of(Begin&& begin) {
    std::optional<Result<>> outcome;
    loop_->post([&] { begin([&](const Result<>& result) { outcome = result; }); });
    REQUIRE(time_.run_until([&] { return outcome.has_value(); }, std::chrono::seconds(10)));
    return *outcome;
  }
  void run(const std::function<void()>& what) {
    loop_->post(what);
    time_.run_for(std::chrono::milliseconds(10));
  }

  void become_active(std::uint64_t epoch) {
    REQUIRE(outcome_of([&](auto done) { journal_->raise_epoch(epoch, done); }));
  }
  Accepted accept(const std::string& body, const std::string& target = kErp) {
    const auto accepted =
        answer_of<Accepted>([&](auto done) { journal_->accept(message_to(target, body), done); });
    REQUIRE(accepted);
    auto& lane = changes_[target];
    ++lane.messages;
    lane.bytes += accepted->bytes;
    return *accepted;
  }
  std::vector<Waiting> waiting(const std::string& target = kErp) {
    return answer_of<Window>([&](auto done) { journal_->window(target, 0, done); })->messages;
  }
  std::vector<std::string> bodies(const std::string& target = kErp) {
    std::vector<std::string> bodies;
    for (const auto& one : waiting(target)) bodies.push_back(body_of(one.message));
    return bodies;
  }
  void deliver(const MessageId& id, Ending ending = Ending::kDelivered) {
    for (const auto& one : waiting()) {
      if (one.message.id != id) continue;
      REQUIRE(outcome_of([&](auto done) {
        journal_->settle({{one.place, id, ending, Timestamp(Duration(7)), "201"}}, done);
      }));
      auto& lane = changes_[kErp];
      --lane.messages;
      lane.bytes -= one.bytes;
      return;
    }
    FAIL("it does not wait");
  }
  void park(const MessageId& id, const std::string& reason = "refused") {
    for (const auto& one : waiting()) {
      if (one.message.id != id) continue;
      REQUIRE(answer_of<Place>([&](auto done) { journal_->park(one.place, reason, done); }));
      auto& lane = changes_[kErp];
      --lane.messages;
      ++lane.parked;
      lane.bytes -= one.bytes;
      lane.parked_bytes += one.bytes;
      return;
    }
    FAIL("it does not wait");
  }
  void retry(const MessageId& id) {
    const auto portion = answer_of<MovedPortion>([&](auto done) { journal_->retry({id, "", ""}, "", done); });
    REQUIRE(portion);
    REQUIRE(portion->moved.size() == 1);
    const auto& moved = portion->moved.front();
    auto& lane = changes_[kErp];
    ++lane.messages;
    --lane.parked;
    lane.bytes += moved.bytes;
    lane.parked_bytes -= moved.bytes;
  }
  std::vector<ParkedMessage> parked() {
    return answer_of<ParkedPage>([&](auto done) { journal_->parked({}, "", 200, done); })->messages;
  }
  std::optional<Ending> ending(const MessageId& id) {
    const auto proof = answer_of<Proof>([&](auto done) { journal_->proof(id, done); });
    return proof ? std::optional(proof->ending) : std::nullopt;
  }
  Records records(Place after) {
    return *answer_of<Records>([&](auto done) { journal_->records(after, done); });
  }
  KeptStates kept(const std::string& instance) {
    return *answer_of<KeptStates>([&](auto done) { journal_->kept(instance, done); });
  }
  Result<> keep(const std::string& instance, KeptStates states) {
    return outcome_of([&](auto done) { journal_->keep(instance, std::move(states), done); });
  }
  Result<> forget(const std::string& instance) {
    return outcome_of([&](auto done) { journal_->forget(instance, done); });
  }
  Result<> apply(const Reach& reached, std::vector<Record> records) {
    return outcome_of([&](auto done) { journal_->apply(reached, std::move(records), done); });
  }
  // What is told to who keeps count is what is there.
  void check_counts() {
    auto counted = database_->read_now([](soci::session& sql) -> Result<std::map<std::string, LaneCount>> {
      std::map<std::string, LaneCount> lanes;
      const auto by_shelf = count_lanes(sql);
      for (const auto& [target, shelf] : select_targets(sql)) {
        if (const auto lane = by_shelf.find(shelf); lane != by_shelf.end()) lanes[target] = lane->second;
      }
      return lanes;
    });
    REQUIRE(counted);
    for (const auto& [target, told] : changes_) {
      const auto& is = (*counted)[target];
      CAPTURE(name_, target);
      CHECK(told.messages == is.messages);
      CHECK(told.bytes == is.bytes);
      CHECK(told.parked == is.parked);
      CHECK(told.parked_bytes == is.parked_bytes);
    }
  }
  void tamper(const std::string& statement) {
    REQUIRE(database_->write_now([&](soci::session& sql) -> Result<> {
      sql << statement;
      return {};
    }));
  }

  Journal& journal() { return *journal_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void count(const LaneChanges& changes) {
    for (const auto& [target, change] : changes) {
      auto& lane = changes_[target];
      lane.messages += change.messages;
      lane.bytes += change.bytes;
      lane.parked += change.parked;
      lane.parked_bytes += change.parked_bytes;
    }
  }

  VirtualTime& time_;
  const std::string name_;
  int life_ = 0;
  std::unique_ptr<sql::ScratchFolder> folder_ = std::make_unique<sql::ScratchFolder>();
  std::unique_ptr<Executor> loop_;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<Journal> journal_;
  LaneChanges changes_;
};

struct TwoNodes {
  VirtualTime time;
  PairNode a{time, "a"};
  PairNode b{time, "b"};
};

// What agent/replica does, without a network: brings `standby` in line with `active`.
inline Reach reach_of(PairNode& active, Place place) {
  return {active.journal().journal(), active.journal().stream(), active.journal().epoch(), place};
}

// At most `batches`; answers whether it got to the end.
inline bool follow(PairNode& active, PairNode& standby, int batches = 1'000'000) {
  auto& theirs = active.journal();
  const auto& followed = standby.journal().followed();
  auto place = followed.journal == theirs.journal() ? followed.place : 0;
  auto records = active.records(place);
  const bool is_snapshot = place == 0 || records.gap;
  if (is_snapshot) {
    REQUIRE(standby.outcome_of([&](auto done) { standby.journal().begin_snapshot(theirs.journal(), done); }));
    place = 0;
    records = active.records(place);
  }
  for (;;) {
    if (batches-- == 0) return false;
    place = records.through;
    REQUIRE(standby.apply(reach_of(active, place), records.records));
    if (records.through == records.newest) break;
    records = active.records(place);
  }
  if (is_snapshot) REQUIRE(standby.outcome_of([&](auto done) { standby.journal().end_snapshot(done); }));
  return true;
}

// The standby offers what it alone has.
inline void offer(PairNode& standby, PairNode& active) {
  for (Place after = 0;;) {
    auto tail = *standby.answer_of<Records>([&](auto done) { standby.journal().unshared(after, done); });
    if (tail.records.empty() && after == 0) return;
    if (!tail.records.empty()) {
      std::vector<Place> places;
      for (const auto& record : tail.records) places.push_back(record.place);
      const auto fates =
          active.answer_of<std::vector<Fate>>([&](auto done) { active.journal().adopt(tail.records, done); });
      REQUIRE(fates);
      REQUIRE(standby.outcome_of([&](auto done) { standby.journal().resolve(places, *fates, done); }));
    }
    after = tail.through == tail.newest ? 0 : tail.through;
  }
}

inline void acknowledge(PairNode& standby, PairNode& active) {
  active.run([&] {
    active.journal().acked(standby.journal().journal(), standby.journal().followed().place,
                           standby.journal().level());
  });
}

}  // namespace fieldline::journal

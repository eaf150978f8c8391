// A journal that follows another node's: how far it has it, and what is there, are one.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/journal/journal.hpp"
#include "agent/journal/schema.hpp"
#include "common/sql/inline_database.hpp"
#include "tests/powerloss/expected.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

using namespace std::chrono_literals;
using journal::Place;
using journal::Record;

constexpr auto kLane = "external-systems/erp";

// What stands in the other node's journal after one of its records.
struct There {
  std::set<MessageId> waiting;
  std::string state;  // "Pump", "values/A"
};

// All that the other node ever wrote, also what is over.
class Feed {
 public:
  explicit Feed(std::uint64_t seed) : random_(seed) {
    auto database = sql::open_inline({"sqlite::memory:", "feed", journal::migrations()}, time_.executor());
    database_ = std::move(*database);
    journal_ = std::move(*journal::Journal::open(*database_, *loop_, {"north", "b"}, "feed"));
    read();
    for (int i = 0; i < 200; ++i) write(i);
  }
  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] const There& at(Place place) const { return std::prev(there_.upper_bound(place))->second; }
  // As from place 0 on, when `place` was the newest.
  [[nodiscard]] std::vector<Record> snapshot(Place place) const {
    const auto& there = at(place);
    std::vector<Record> live;
    const Record* state = nullptr;
    for (const auto& record : records_) {
      if (record.place > place) break;
      if (record.kind == journal::RecordKind::kState) state = &record;
      if (record.id && there.waiting.contains(*record.id)) live.push_back(record);
    }
    if (state != nullptr) live.push_back(*state);
    return live;
  }

 private:
  void write(int i) {
    const auto dice = random_.below(5);
    loop_->post([&] {
      if (dice == 0) {
        now_.state = std::to_string(i);
        journal_->keep("Pump", {{"values/A", now_.state}}, [](const Result<>&) {});
      } else if (dice == 1 && !accepted_.empty()) {
        journal_->settle({{accepted_.back().place, accepted_.back().id, journal::Ending::kDelivered, {}, ""}},
                         [](const Result<>&) {});
        now_.waiting.erase(accepted_.back().id);
        accepted_.pop_back();
      } else {
        Message message;
        message.content = Mail{std::string(random_.below(8) == 0 ? 9000 : 100, 'x'), std::to_string(i)};
        message.target = kLane;
        message.accepted = Timestamp(std::chrono::seconds(1'800'000'000 + i));
        journal_->accept(message, [this](const Result<journal::Accepted>& accepted) {
          accepted_.push_back(*accepted);
          now_.waiting.insert(accepted->id);
        });
      }
    });
    time_.run_for(10ms);
    read();
  }
  void read() {
    loop_->post([this] {
      journal_->records(through_, [this](const Result<journal::Records>& batch) {
        for (const auto& record : batch->records) records_.push_back(record);
        through_ = batch->through;
      });
    });
    time_.run_for(10ms);
    there_[through_] = now_;
  }

  Random random_;
  VirtualTime time_;
  std::unique_ptr<Executor> loop_ = time_.executor();
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<journal::Journal> journal_;
  std::vector<journal::Accepted> accepted_;
  std::vector<Record> records_;
  std::map<Place, There> there_;
  There now_;
  Place through_ = 0;
};

class Follower : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const override { return journal::migrations(); }

  Result<> open(Life& life) override {
    life_ = &life;
    if (!feed_) feed_.emplace(life.random.below(1'000'000));
    auto opened = journal::Journal::open(life.database, life.loop, {"north", "a"}, "stream");
    if (!opened) return fail(opened.error());
    journal_ = std::move(*opened);
    return compare();
  }
  void close() override {
    journal_.reset();
    life_ = nullptr;
  }

 protected:
  template <class... Args>
  static Failure wrong(fmt::format_string<Args...> text, Args&&... args) {
    return fail(ErrorCode::kCorrupt, fmt::format(text, std::forward<Args>(args)...));
  }
  template <class T, class Begin>
  Result<T> answer_of(Begin&& begin) {
    std::optional<Result<T>> told;
    life_->loop.post([&] { begin([&told](Result<T> answer) { told = std::move(answer); }); });
    if (life_->time.run_until([&told] { return told.has_value(); }, 1s)) return std::move(*told);
    return fail(ErrorCode::kTimeout, "the journal never answered");
  }
  Result<std::set<MessageId>> waiting() {
    std::set<MessageId> ids;
    for (Place after = 0;;) {
      const auto window =
          answer_of<journal::Window>([&](auto done) { journal_->window(kLane, after, std::move(done)); });
      if (!window) return fail(window.error());
      if (!window->damaged.empty()) return wrong("a message is damaged");
      if (window->messages.empty()) return ids;
      for (const auto& found : window->messages) {
        if (!ids.insert(found.message.id).second) return wrong("{} waits twice", found.message.id.text());
      }
      after = window->through;
    }
  }
  virtual Result<> compare() = 0;

  Life* life_ = nullptr;
  std::optional<Feed> feed_;
  std::unique_ptr<journal::Journal> journal_;
};

// A standby: applies batches, and takes snapshots now and then.
class FollowedJournal final : public Follower {
 public:
  void act() override {
    if (snapshot_) return;
    if (far_ == 0 || life_->random.below(12) == 0) return take_snapshot();
    const auto& all = feed_->records();
    auto next = std::find_if(all.begin(), all.end(), [this](const auto& r) { return r.place > far_; });
    std::vector<Record> batch;
    for (auto more = 1 + life_->random.below(6); more > 0 && next != all.end(); --more, ++next)
      batch.push_back(*next);
    if (batch.empty()) return take_snapshot();
    apply(std::move(batch));
  }

 private:
  Result<> compare() override {
    snapshot_ = false;
    far_ = journal_->followed().place;
    if (!reached_.settle(far_))
      return wrong("the journal has its peer's through {}, {} was answered", far_, reached_.answered());
    if (far_ == 0) return {};
    const auto found = waiting();
    if (!found) return fail(found.error());
    if (*found != feed_->at(far_).waiting)
      return wrong("{} messages wait, {} did at {}", found->size(), feed_->at(far_).waiting.size(), far_);
    const auto kept =
        answer_of<journal::KeptStates>([&](auto done) { journal_->kept("Pump", std::move(done)); });
    if (!kept) return fail(kept.error());
    const auto state = kept->contains("values/A") ? kept->at("values/A") : "";
    if (state != feed_->at(far_).state)
      return wrong("state {} is kept, not {}", state, feed_->at(far_).state);
    return {};
  }

  void apply(std::vector<Record> batch) {
    far_ = batch.back().place;
    reached_.ask(far_);
    journal_->apply({"feed", "feed", 1, far_}, std::move(batch), [this](const Result<>& outcome) {
      if (life_->done(outcome)) reached_.answer();
    });
  }

  // Of the feed as it was at one of its records not before this one's place.
  void take_snapshot() {
    const auto& all = feed_->records();
    const auto first = std::find_if(all.begin(), all.end(), [this](const auto& r) { return r.place > far_; });
    const auto left = static_cast<std::uint64_t>(all.end() - first);
    const auto to =
        left == 0 ? all.back().place : first[static_cast<std::ptrdiff_t>(life_->random.below(left))].place;
    const auto records = feed_->snapshot(to);
    const auto half = static_cast<std::ptrdiff_t>(records.size() / 2);
    snapshot_ = true;
    far_ = to;
    const auto step = [this](const Result<>& outcome) {
      if (life_->done(outcome)) reached_.answer();
    };
    reached_.ask(0);
    journal_->begin_snapshot("feed", step);
    reached_.ask(0);
    journal_->apply({"feed", "feed", 1, to}, {records.begin(), records.begin() + half}, step);
    reached_.ask(0);
    journal_->apply({"feed", "feed", 1, to}, {records.begin() + half, records.end()}, step);
    reached_.ask(to);
    journal_->end_snapshot([this, step](const Result<>& outcome) {
      step(outcome);
      snapshot_ = false;
    });
  }

  Expected<Place> reached_{0};
  Place far_ = 0;
  bool snapshot_ = false;
};

// An active node: takes over what the other one offers.
class AdoptedMessages final : public Follower {
 public:
  void act() override {
    std::vector<Record> tail;
    for (auto more = 1 + life_->random.below(4); more > 0 && next_ < feed_->records().size(); ++next_) {
      if (!feed_->records()[next_].id) continue;
      tail.push_back(feed_->records()[next_]);
      --more;
    }
    // What else it writes of its own.
    if (tail.empty()) return journal_->keep("Pump", {{"values/A", "own"}}, [](const Result<>&) {});
    for (const auto& record : tail) asked_.insert(*record.id);
    journal_->adopt(tail, [this, tail](const Result<std::vector<journal::Fate>>& fates) {
      if (!life_->done(fates ? Result<>() : Result<>(fail(fates.error())))) return;
      for (const auto& record : tail) adopted_.insert(*record.id);
    });
  }

 private:
  Result<> compare() override {
    const auto found = waiting();
    if (!found) return fail(found.error());
    for (const auto& id : adopted_) {
      if (!found->contains(id)) return wrong("{} was taken over, and is gone", id.text());
    }
    for (const auto& id : *found) {
      if (!asked_.contains(id)) return wrong("{} was never offered", id.text());
    }
    return {};
  }

  std::set<MessageId> asked_;
  std::set<MessageId> adopted_;
  std::size_t next_ = 0;
};

TEST_CASE("after every power cut a standby has its peer's journal up to where it says, and nothing else") {
  check_cuts<FollowedJournal>(100);
}

TEST_CASE("messages that a node took over from its standby are there after every power cut") {
  check_cuts<AdoptedMessages>(60);
}

TEST_CASE("a journal that follows another one and does not sync is caught") {
  const auto off = bites_of<FollowedJournal>("OFF", 20);
  CHECK(off.damaged + off.lost > 10);
}

}  // namespace
}  // namespace fieldline::powerloss

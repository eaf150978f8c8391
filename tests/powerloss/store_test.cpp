// A node's store: configurations, orders seen, the term.
#include "agent/store/configuration_store.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/store/configuration_rows.hpp"
#include "agent/store/schema.hpp"
#include "common/base/hash.hpp"
#include "common/sql/bytes.hpp"
#include "tests/powerloss/expected.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

constexpr int kPumpsHeld = 5;

// What a node has been told, and holds.
struct Held {
  std::uint64_t term = 0;
  std::map<std::string, InventoryItem> current;
  std::map<std::string, std::uint64_t> numbers;
  std::vector<std::uint64_t> ended;  // numbers of the orders that have a report

  friend bool operator==(const Held&, const Held&) = default;
};

// The bytes of the configuration that the order of this number brings.
std::string configuration_of(std::uint64_t number) {
  Random random(number);
  std::string bytes;
  for (auto parts = 1 + random.below(random.below(4) == 0 ? 1500 : 50); parts > 0; --parts)
    bytes += random.id();
  return bytes;
}

std::string deployment_of(std::uint64_t number) {
  return fmt::format("order {}", number);
}

Result<> check_candidates(soci::session& sql) {
  std::string instance;
  std::string revision;
  soci::blob bytes(sql);
  soci::statement rows = (sql.prepare << "SELECT instance, revision, bytes FROM candidates",
                          soci::into(instance), soci::into(revision), soci::into(bytes));
  rows.execute();
  while (rows.fetch()) {
    if (blake2b_hex(sql::take_bytes(bytes)) != revision)
      return fail(ErrorCode::kCorrupt, "half a candidate of " + instance);
  }
  return {};
}

class NodeStore final : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const override { return store::migrations(); }

  Result<> open(Life& life) override {
    if (auto whole = life.database.read_now(check_candidates); !whole) return whole;
    auto opened = store::ConfigurationStore::open(life.database, life.loop);
    if (!opened) return fail(opened.error());
    store_ = std::move(*opened);
    life_ = &life;
    candidates_.clear();
    const auto found = look();
    if (!expected_.settle(found)) return fail(ErrorCode::kCorrupt, tell(expected_.answered(), found));
    return check_bytes();
  }

  void act() override {
    const auto instance = fmt::format("Pump{}", life_->random.below(kPumpsHeld));
    const auto staged = candidates_.contains(instance);
    const auto current = expected_.latest().current.contains(instance);
    switch (life_->random.below(10)) {
      case 0:
        return raise_term();
      case 1:
        return drop(instance);
      case 2:
        return current ? enable(instance) : record(instance);
      case 3:
        return staged ? discard(instance) : record(instance);
      default:
        return staged ? promote(instance) : stage(instance);
    }
  }

  void close() override {
    store_.reset();
    life_ = nullptr;
  }

 private:
  struct Sent {
    Order order;
    Report report;
  };

  Sent send(const std::string& instance) {
    Sent sent;
    sent.order.instance = sent.report.instance = instance;
    sent.order.number = ++last_number_;
    sent.order.deployment = sent.report.deployment = deployment_of(last_number_);
    sent.report.success = true;
    return sent;
  }

  // Notes what will be there once the change is answered, and hears the answer.
  store::ConfigurationStore::Done after(Held next) {
    expected_.ask(std::move(next));
    return [this](const Result<>& outcome) {
      if (life_->done(outcome)) expected_.answer();
    };
  }
  [[nodiscard]] Held with_number(const Sent& sent) const {
    auto next = expected_.latest();
    next.numbers[sent.order.instance] = sent.order.number;
    return next;
  }
  [[nodiscard]] Held with_end(const Sent& sent) const {
    auto next = with_number(sent);
    next.ended.push_back(sent.order.number);
    return next;
  }

  void raise_term() {
    auto next = expected_.latest();
    const auto term = ++next.term;
    store_->raise_term(term, after(std::move(next)));
  }

  void stage(const std::string& instance) {
    auto sent = send(instance);
    auto bytes = configuration_of(sent.order.number);
    sent.order.revision = sent.report.revision = blake2b_hex(bytes);
    candidates_[instance] = sent.order;
    store_->stage(sent.order, std::move(bytes), after(with_number(sent)));
  }

  void promote(const std::string& instance) {
    auto sent = send(instance);
    sent.order.revision = sent.report.revision = candidates_[instance].revision;
    sources_[sent.order.revision] = candidates_[instance].number;
    candidates_.erase(instance);
    auto next = with_end(sent);
    next.current[instance] = {true, instance, sent.order.revision};
    store_->promote(sent.order, sent.report, after(std::move(next)));
  }

  void discard(const std::string& instance) {
    const auto sent = send(instance);
    candidates_.erase(instance);
    store_->discard(sent.order, sent.report, after(with_end(sent)));
  }

  void drop(const std::string& instance) {
    const auto sent = send(instance);
    candidates_.erase(instance);
    auto next = with_end(sent);
    next.current.erase(instance);
    store_->drop(sent.order, sent.report, after(std::move(next)));
  }

  void enable(const std::string& instance) {
    auto sent = send(instance);
    auto next = with_end(sent);
    auto& item = next.current[instance];
    item.enabled = sent.report.enabled = !item.enabled;
    store_->set_enabled(sent.order, sent.report, after(std::move(next)));
  }

  void record(const std::string& instance) {
    const auto sent = send(instance);
    store_->record(sent.order, sent.report, after(with_end(sent)));
  }

  [[nodiscard]] Held look() const {
    Held found;
    found.term = store_->term();
    for (const auto& item : store_->inventory()) found.current[item.instance] = item;
    for (int i = 0; i < kPumpsHeld; ++i) {
      const auto instance = fmt::format("Pump{}", i);
      if (const auto number = store_->last_number(instance); number != 0) found.numbers[instance] = number;
    }
    for (std::uint64_t number = 1; number <= last_number_; ++number) {
      if (store_->report(deployment_of(number)) != nullptr) found.ended.push_back(number);
    }
    return found;
  }

  // Every current configuration, byte for byte.
  Result<> check_bytes() {
    for (const auto& item : store_->inventory()) {
      const auto stored = life_->database.read_now(
          [&](soci::session& sql) { return store::select_configuration(sql, item.instance); });
      if (!stored) return fail(stored.error());
      if (stored->bytes != configuration_of(sources_[item.revision]))
        return fail(ErrorCode::kCorrupt, "other bytes than those promoted: " + item.instance);
    }
    return {};
  }

  static std::string tell(const Held& answered, const Held& found) {
    return fmt::format("answered: term {}, {} current, {} ended; there: term {}, {} current, {} ended",
                       answered.term, answered.current.size(), answered.ended.size(), found.term,
                       found.current.size(), found.ended.size());
  }

  Life* life_ = nullptr;
  std::unique_ptr<store::ConfigurationStore> store_;
  Expected<Held> expected_;
  std::map<std::string, Order> candidates_;  // staged since the start
  std::map<Revision, std::uint64_t> sources_;
  std::uint64_t last_number_ = 0;
};

TEST_CASE("what a node promoted, was told and reported is there after every power cut, and nothing by half") {
  check_cuts<NodeStore>(250);
}

TEST_CASE("a node's store that does not sync is caught") {
  const auto off = bites_of<NodeStore>("OFF", 20);
  CHECK(off.damaged + off.lost > 15);
}

}  // namespace
}  // namespace fieldline::powerloss

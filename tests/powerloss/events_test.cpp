// The site event log: what somebody has been shown stays, in its order.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "agent/events/event_log.hpp"
#include "agent/events/schema.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

std::string details_of(std::int64_t event) {
  Random random(static_cast<std::uint64_t>(event));
  std::string text = "{\"mark\":\"";
  for (auto parts = random.below(random.below(4) == 0 ? 200 : 8); parts > 0; --parts) text += random.id();
  return text + "\"}";
}

class SiteEvents final : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const override { return events::migrations(); }

  // What was appended and never shown may be lost, from some event on: a new life numbers on from there.
  Result<> open(Life& life) override {
    const auto found = life.database.read_now([](soci::session& sql) { return count_whole(sql); });
    if (!found) return fail(found.error());
    if (*found < shown_ || *found > appended_)
      return fail(ErrorCode::kCorrupt, fmt::format("{} events were shown, of {} appended; {} are there",
                                                   shown_, appended_, *found));
    appended_ = shown_ = *found;
    life_ = &life;
    log_ = std::make_unique<events::EventLog>(life.database, life.loop, "node-a", events::Retention{});
    log_->start();
    return {};
  }

  void act() override {
    for (auto more = 1 + life_->random.below(6); more > 0; --more) append_one();
    if (life_->random.below(2) == 0) look();
  }

  void close() override {
    log_.reset();
    life_ = nullptr;
  }

 private:
  static Result<std::int64_t> count_whole(soci::session& sql) {
    std::string message;
    std::string details;
    soci::statement rows = (sql.prepare << "SELECT message, details FROM events ORDER BY id",
                            soci::into(message), soci::into(details));
    rows.execute();
    std::int64_t count = 0;
    while (rows.fetch()) {
      ++count;
      if (message != std::to_string(count) || details != details_of(count))
        return fail(ErrorCode::kCorrupt, fmt::format("event {} is not whole or not in its place", count));
    }
    return count;
  }

  void append_one() {
    Event event;
    event.message = std::to_string(++appended_);
    event.details = details_of(appended_);
    event.instance = fmt::format("Pump{}", appended_ % 5);
    event.source = "alarms/Level";
    log_->append(std::move(event));
  }

  void look() {
    EventQuery newest;
    newest.limit = 3;
    log_->query(newest, [this](const Result<EventPage>& page) {
      if (!life_->done(page ? Result<>() : Result<>(fail(page.error())))) return;
      for (const auto& event : page->events)
        shown_ = std::max<std::int64_t>(shown_, std::stoll(event.message));
    });
  }

  Life* life_ = nullptr;
  std::unique_ptr<events::EventLog> log_;
  std::int64_t appended_ = 0;
  std::int64_t shown_ = 0;
};

TEST_CASE("events that were shown are there after every power cut, whole and in their order") {
  check_cuts<SiteEvents>(250);
}

TEST_CASE("an event log that does not sync is caught") {
  const auto off = bites_of<SiteEvents>("OFF", 20);
  CHECK(off.damaged + off.lost > 15);
}

}  // namespace
}  // namespace fieldline::powerloss

// A node with its journal, an outbox and a twin courier on virtual time; it can be killed and started again.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/outbox/outbox.hpp"
#include "tests/unit/agent/journal/journal_disk.hpp"
#include "tests/unit/agent/outbox/twin_courier.hpp"

namespace fieldline::outbox {

using journal::kErp;
using journal::message_to;

class Node {
 public:
  explicit Node(Caps with = {}) : caps(with) { open(); }
  ~Node() { close(); }

  void restart() {
    close();
    disk.restart();
    open();
  }

  Result<MessageId> send(const Message& message) {
    return disk.answer_of<MessageId>([&](auto done) { outbox->accept(message, done); });
  }
  Result<MessageId> send(const std::string& body, const std::string& target = kErp) {
    return send(message_to(target, body));
  }
  void start() {
    disk.call([&] { outbox->start(); });
  }
  // All that match, in as many portions as it takes; answers how many there were.
  std::int64_t decide(ParkedDecision decision) {
    decision.who = "ann";
    std::int64_t count = 0;
    do {
      const auto some = disk.answer_of<Decided>([&](auto done) { outbox->decide(decision, done); });
      REQUIRE(some);
      count += some->count;
      decision.cursor = some->next;
    } while (!decision.cursor.empty());
    return count;
  }
  void run_for(Duration span) { disk.time.run_for(span); }
  bool until(const std::function<bool()>& done, Duration limit = std::chrono::minutes(1)) {
    return disk.time.run_until(done, limit);
  }
  TargetStatus status(const std::string& target = kErp) {
    for (const auto& status : outbox->status()) {
      if (status.target == target) return status;
    }
    return {};
  }
  bool said(const std::string& text) const {
    return std::any_of(events.begin(), events.end(),
                       [&](const Event& event) { return event.message.find(text) != std::string::npos; });
  }

  journal::JournalDisk disk;
  Caps caps;
  Patience patience{std::chrono::seconds(30), 3};
  bool may_act = true;
  std::int64_t disk_free = std::int64_t{1} << 40;
  std::vector<Event> events;
  std::unique_ptr<TwinCourier> courier;
  std::unique_ptr<Outbox> outbox;

 private:
  void open() {
    courier = std::make_unique<TwinCourier>(disk.loop());
    outbox = std::make_unique<Outbox>(
        Outbox::Surroundings{disk.loop(), disk.journal(), *courier,
                             [this](const std::string&) { return patience; }, [this] { return may_act; },
                             [this](Event event) { events.push_back(std::move(event)); },
                             [this] { return disk_free; }},
        caps);
  }
  void close() {
    outbox.reset();
    disk.kill();
    courier.reset();
  }
};

}  // namespace fieldline::outbox

// A node's journal: messages that it accepted, and how they ended.
#include "agent/journal/journal.hpp"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agent/journal/schema.hpp"
#include "tests/powerloss/expected.hpp"
#include "tests/powerloss/suite.hpp"

namespace fieldline::powerloss {
namespace {

using namespace std::chrono_literals;
using journal::Place;

// The message of this number; some take many pages.
Message message_of(int number) {
  Random random(static_cast<std::uint64_t>(number));
  std::string body;
  for (auto parts = random.below(random.below(8) == 0 ? 600 : 20); parts > 0; --parts) body += random.id();
  Message message;
  message.content = HttpRequest{std::move(body), "text/plain", {}, "POST", fmt::format("/{}", number)};
  message.instance = "Pump";
  message.script = "Report";
  message.target = number % 2 == 0 ? "external-systems/erp" : "external-systems/mes";
  message.accepted = Timestamp(std::chrono::seconds(1'800'000'000 + number));
  return message;
}

int number_of(const Message& message) {
  return std::stoi(std::get<HttpRequest>(message.content).path.substr(1));
}

class AcceptedMessages final : public Keeper {
 public:
  [[nodiscard]] std::span<const sql::Migration> migrations() const override { return journal::migrations(); }

  Result<> open(Life& life) override {
    life_ = &life;
    auto opened = journal::Journal::open(life.database, life.loop, {"north", "a"}, "stream");
    if (!opened) return fail(opened.error());
    journal_ = std::move(*opened);
    if (!epoch_.settle(journal_->epoch()))
      return wrong("epoch {} is there, {} was answered", journal_->epoch(), epoch_.answered());
    std::map<int, journal::Waiting> waiting;
    for (const auto* target : {"external-systems/erp", "external-systems/mes"}) {
      if (auto read = read_lane(target, waiting); !read) return read;
    }
    for (auto message = messages_.begin(); message != messages_.end();) {
      const auto found = waiting.find(message->first);
      const auto kept =
          compare(message->first, message->second, found == waiting.end() ? nullptr : &found->second);
      if (!kept) return fail(kept.error());
      message = *kept ? std::next(message) : messages_.erase(message);
    }
    return {};
  }

  void act() override {
    for (auto more = 1 + life_->random.below(4); more > 0; --more) accept(++last_);
    if (life_->random.below(2) == 0) end_some();
    if (life_->random.below(10) == 0) raise_epoch();
  }

  void close() override {
    journal_.reset();
    life_ = nullptr;
  }

 private:
  enum class Stand { kAsked, kAccepted, kEnding, kEnded };
  struct Kept {
    Stand stand = Stand::kAsked;
    MessageId id;
    Place place = 0;
  };

  template <class... Args>
  static Failure wrong(fmt::format_string<Args...> text, Args&&... args) {
    return fail(ErrorCode::kCorrupt, fmt::format(text, std::forward<Args>(args)...));
  }

  void accept(int number) {
    messages_[number];
    journal_->accept(message_of(number), [this, number](const Result<journal::Accepted>& accepted) {
      if (!life_->done(accepted ? Result<>() : Result<>(fail(accepted.error())))) return;
      messages_[number] = {Stand::kAccepted, accepted->id, accepted->place};
    });
  }

  // The oldest that wait.
  void end_some() {
    std::vector<journal::Settlement> settlements;
    std::vector<int> numbers;
    for (auto& [number, kept] : messages_) {
      if (kept.stand != Stand::kAccepted || numbers.size() == 6) continue;
      kept.stand = Stand::kEnding;
      numbers.push_back(number);
      settlements.push_back(
          {kept.place, kept.id, journal::Ending::kDelivered, life_->time.clock().utc(), "201"});
    }
    if (numbers.empty()) return;
    journal_->settle(settlements, [this, numbers](const Result<>& outcome) {
      if (!life_->done(outcome)) return;
      for (const auto number : numbers) messages_[number].stand = Stand::kEnded;
    });
  }

  // Two that ask for the same: neither may be answered before it is on the disk.
  void raise_epoch() {
    const auto epoch = epoch_.latest() + 1;
    epoch_.ask(epoch);
    for (int asker = 0; asker < 2; ++asker) {
      journal_->raise_epoch(epoch, [this, epoch](const Result<>& outcome) {
        if (life_->done(outcome) && epoch_.answered() < epoch) epoch_.answer();
      });
    }
  }

  template <class T, class Begin>
  Result<T> answer_of(Begin&& begin) {
    std::optional<Result<T>> told;
    life_->loop.post([&] { begin([&told](Result<T> answer) { told = std::move(answer); }); });
    if (life_->time.run_until([&told] { return told.has_value(); }, 1s)) return std::move(*told);
    return fail(ErrorCode::kTimeout, "the journal never answered");
  }

  // All that waits there, each as it was accepted.
  Result<> read_lane(const std::string& target, std::map<int, journal::Waiting>& waiting) {
    for (Place after = 0;;) {
      auto window =
          answer_of<journal::Window>([&](auto done) { journal_->window(target, after, std::move(done)); });
      if (!window) return fail(window.error());
      if (!window->damaged.empty())
        return wrong("the message at {} is damaged", window->damaged.front().place);
      if (window->messages.empty()) return {};
      for (auto& found : window->messages) {
        const auto number = number_of(found.message);
        auto whole = message_of(number);
        whole.id = found.message.id;
        if (whole != found.message) return wrong("message {} is not whole", number);
        if (!waiting.emplace(number, found).second) return wrong("message {} waits twice", number);
        after = found.place;
      }
    }
  }

  // Whether the message is known here, once it is settled how it stands.
  Result<bool> compare(int number, Kept& kept, const journal::Waiting* waiting) {
    if (kept.stand == Stand::kAsked) {
      if (waiting != nullptr) kept = {Stand::kAccepted, waiting->message.id, waiting->place};
      return waiting != nullptr;
    }
    if (waiting != nullptr) {
      if (kept.stand == Stand::kEnded) return wrong("message {} had ended, and waits", number);
      if (waiting->message.id != kept.id || waiting->place != kept.place)
        return wrong("message {} has another id or place than was answered", number);
      kept.stand = Stand::kAccepted;
      return true;
    }
    if (kept.stand == Stand::kAccepted) return wrong("message {} was accepted, and is gone", number);
    const auto proof =
        answer_of<journal::Proof>([&](auto done) { journal_->proof(kept.id, std::move(done)); });
    if (!proof) return wrong("message {} ended without proof: {}", number, proof.error().describe());
    kept.stand = Stand::kEnded;
    return true;
  }

  Life* life_ = nullptr;
  std::unique_ptr<journal::Journal> journal_;
  std::map<int, Kept> messages_;
  Expected<std::uint64_t> epoch_{1};
  int last_ = 0;
};

TEST_CASE("messages that a node accepted are there after every power cut, whole, or have a proof") {
  check_cuts<AcceptedMessages>(150);
}

TEST_CASE("a journal that does not sync is caught") {
  const auto off = bites_of<AcceptedMessages>("OFF", 20);
  CHECK(off.damaged + off.lost > 15);
}

}  // namespace
}  // namespace fieldline::powerloss

// A courier that goes nowhere: it records what it is given and answers as the test says, by default at once.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/targets/courier.hpp"
#include "common/base/executor.hpp"

namespace fieldline::outbox {

class TwinCourier final : public targets::Courier {
 public:
  explicit TwinCourier(Executor& loop) : loop_(loop) {}

  void deliver(const Message& message, Done<targets::Outcome> done) override {
    arrived.push_back(message);
    ++under_way[message.target];
    most_under_way = std::max(most_under_way, under_way[message.target]);
    if (silent) {
      held.emplace_back(message, std::move(done));
      return;
    }
    answer(message, done);
  }
  void call(const std::string&, HttpRequest, Done<Result<targets::HttpAnswer>> done) override {
    ++calls;
    loop_.post([done] { done(targets::HttpAnswer{"", {}, 204}); });
  }
  void query(const std::string&, targets::DatabaseQuery, Done<Result<Json>>) override {}

  // Answers what was held.
  void release() {
    for (auto& [message, done] : std::exchange(held, {})) answer(message, done);
  }

  std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (const auto& message : arrived) bodies.push_back(std::get<HttpRequest>(message.content).body);
    return bodies;
  }

  std::function<targets::Outcome(const Message&)> reply = [](const Message&) {
    return targets::Delivered{"201"};
  };
  bool silent = false;
  std::vector<Message> arrived;
  std::map<std::string, int> under_way;
  int most_under_way = 0;
  int calls = 0;
  std::deque<std::pair<Message, Done<targets::Outcome>>> held;

 private:
  void answer(const Message& message, const Done<targets::Outcome>& done) {
    loop_.after(std::chrono::milliseconds(1),
                [this, target = message.target, done, outcome = reply(message)] {
                  --under_way[target];
                  done(outcome);
                });
  }

  Executor& loop_;
};

}  // namespace fieldline::outbox

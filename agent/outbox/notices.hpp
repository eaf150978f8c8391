// What people must know of the outbox, as events: of each kind and target one a minute, with the number of
// those that it stands for. Lives on the agent's loop.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "common/base/executor.hpp"
#include "common/model/event.hpp"

namespace fieldline::outbox {

enum class Notice {
  kParked,
  kBlocked,
  kInPart,
  kFull,
  kDropped,
  kDamaged,
  kNearlyFull,
  kStruggling,
  kRecovered
};

class Notices {
 public:
  // Both outlive it.
  Notices(Executor& loop, std::function<void(Event)> log) : loop_(loop), log_(std::move(log)) {}

  // "parked a message: …"; `count` of them.
  void say(Notice notice, const std::string& target, std::string message, std::int64_t count = 1);
  // What a person did: always said.
  void record(const std::string& target, std::string message);

 private:
  void log(Severity severity, const std::string& target, std::string message) const;

  struct Last {
    Instant said{};
    std::int64_t held = 0;
  };

  Executor& loop_;
  const std::function<void(Event)> log_;
  std::map<std::pair<std::string, Notice>, Last> last_;
};

}  // namespace fieldline::outbox

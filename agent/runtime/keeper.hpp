// What an instance must find again after a restart: retained values and alarm states, as bytes under
// a key. The agent adapts its store to this; all calls and answers are on the runtime's loop.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/base/result.hpp"

namespace fieldline::runtime {

// "values/Setpoint", "alarms/Level" → bytes that only the runtime reads. Never empty.
using Kept = std::map<std::string, std::string>;

class Keeper {
 public:
  using Loaded = std::function<void(Result<Kept>)>;
  using Saved = std::function<void(Result<>)>;

  virtual ~Keeper() = default;
  // All that is kept for `instance`; an empty map when that is nothing.
  virtual void load(const std::string& instance, Loaded reply) = 0;
  // Adds or replaces these keys, all or none, and answers once they are durable.
  // Saves of one instance take effect in the order they are asked for.
  virtual void save(const std::string& instance, Kept changed, Saved reply) = 0;
  // Drops all of `instance`.
  virtual void forget(const std::string& instance, Saved reply) = 0;
};

}  // namespace fieldline::runtime

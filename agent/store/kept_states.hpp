// What instances find again after a restart: retained values and alarm states, as bytes that only the
// runtime reads. Refuses more than 1 MiB an instance. Lives on the agent's loop.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/sql/database.hpp"

namespace fieldline::store {

class KeptStates {
 public:
  // "values/Setpoint", "alarms/Level" → bytes.
  using States = std::map<std::string, std::string>;
  using Loaded = std::function<void(Result<States>)>;
  using Done = std::function<void(Result<>)>;

  // Both outlive it. Shares the database of the ConfigurationStore.
  KeptStates(sql::Database& database, Executor& loop) : database_(database), loop_(loop) {}

  // All of `instance`; an empty map when that is nothing.
  void load(const std::string& instance, Loaded reply);
  // Adds or replaces these, all or none, and answers once they are durable. Empty bytes are kInvalid.
  void save(const std::string& instance, States changed, Done done);
  void forget(const std::string& instance, Done done);

 private:
  void submit(sql::Database::Write write, Done done);

  sql::Database& database_;
  Executor& loop_;
};

}  // namespace fieldline::store

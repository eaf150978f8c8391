// The instances of this node, each an actor on its own strand. Compiles configurations, swaps them
// in whole or not at all, and gathers what the actors answer. Lives on the agent's loop: every call
// and every reply is there. Refuses a second change of an instance while one is under way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/runtime/compiled.hpp"
#include "agent/runtime/keeper.hpp"
#include "agent/runtime/strands.hpp"
#include "agent/runtime/tally.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/worker.hpp"
#include "common/model/flat_config.hpp"
#include "common/model/status.hpp"

namespace fieldline::connections {
class Connections;
}
namespace fieldline::events {
class EventLog;
}

namespace fieldline::runtime {

class Actor;

class Runtime {
 public:
  struct Surroundings {
    Executor& loop;
    Strands& strands;
    Worker& compiler;  // Lua compilation
    connections::Connections& connections;
    events::EventLog& events;
    Keeper& keeper;
  };
  using Done = std::function<void(Result<>)>;
  template <class T>
  using Reply = std::function<void(T)>;

  explicit Runtime(const Surroundings& surroundings);
  // After `stop` has answered, or once the strands run nothing any more.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Checks and compiles, and changes nothing: kInvalid, with a finding for each script that does not
  // compile ("scripts/Control:12"); kTooLarge over a limit; kExhausted when too many compilations wait.
  void compile(FlatConfig config, Reply<Result<Compiled>> reply);

  // Runs `compiled` in place of what that instance ran, `enabled` or not: the old actor stops, then
  // the new one starts with its values and alarm states. On any failure the old one goes on untouched:
  // kConflict (a change is under way), kInvalid (a connection's definition), kExhausted (a limit), and
  // the keeper's error where there was nothing to take over from.
  void swap(Compiled compiled, bool enabled, Done done);

  // kNotFound when no such instance runs; already so is success.
  void disable(const std::string& instance, Done done);
  void enable(const std::string& instance, Done done);
  // Stops it and forgets its retained values and alarm states; none there is success.
  void remove(const std::string& instance, Done done);

  // Writes as an operator does: answers what the device said, or once an unbound attribute holds it.
  void write(const std::string& instance, const std::string& attribute, Value value, Done done);
  // `occurrence` as AlarmStatus shows it; kPreconditionFailed when it is not the present one.
  void acknowledge(const std::string& instance, const std::string& alarm, const std::string& occurrence,
                   Done done);

  // All attributes by name; nothing when no such instance is here.
  void values(const std::string& instance, Reply<std::optional<std::vector<AttributeValue>>> reply);
  // Those that are active, latched or unacknowledged, by instance and alarm.
  void alarms(Reply<std::vector<AlarmStatus>> reply);
  void tally(Reply<Tally> reply);

  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  // Stops every instance, waits until what it kept is durable, and answers. Nothing else is asked afterwards.
  void stop(std::function<void()> done);

 private:
  struct Slot {
    std::unique_ptr<Actor> actor;  // none: the first start is under way
    bool busy = false;             // a change is under way
  };

  Surroundings surroundings_;
  std::map<std::string, Slot> slots_;
  std::shared_ptr<Runtime*> self_;  // replies to a runtime that is gone find it empty
};

}  // namespace fieldline::runtime

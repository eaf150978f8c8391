// The instances of this node, each an actor on its own strand. Compiles configurations, swaps them
// in whole or not at all, and gathers what the actors answer. Lives on the agent's loop: every call
// and every reply is there. Refuses a second change of an instance while one is under way.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/connections/connections.hpp"
#include "agent/runtime/compiled.hpp"
#include "agent/runtime/heritage.hpp"
#include "agent/runtime/keeper.hpp"
#include "agent/runtime/outside.hpp"
#include "agent/runtime/shared_scripts.hpp"
#include "agent/runtime/strands.hpp"
#include "agent/runtime/tally.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/base/worker.hpp"
#include "common/model/event.hpp"
#include "common/model/status.hpp"

namespace fieldline::runtime {

struct Actor;
class FieldLinks;
class Instance;

class Runtime {
 public:
  // All of it outlives the runtime.
  struct Surroundings {
    Executor& loop;
    Strands& strands;
    Worker& compiler;  // for Lua compilation
    connections::Connections& connections;
    Keeper& keeper;
    Outside& outside;
    std::function<void(Event)> log;  // to the site event log; called on any thread
  };
  using Done = std::function<void(Result<>)>;
  template <class T>
  using Reply = std::function<void(T)>;

  explicit Runtime(Surroundings surroundings);
  // After `stop` has answered, or once the strands run nothing any more.
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Checks and compiles, with the shared scripts that it needs, and changes nothing: errors as
  // SharedScripts::needed_by and Compiled::compile, and kExhausted when too many compilations wait.
  void compile(FlatConfig config, Reply<Result<Compiled>> reply);
  // Likewise, errors as SharedScripts::compile.
  void compile_shared(lua::Modules sources, Reply<Result<std::shared_ptr<const SharedScripts>>> reply);

  // What is compiled from now on finds `shared`. What runs goes on with what it was compiled with.
  void set_shared(std::shared_ptr<const SharedScripts> shared) { shared_ = std::move(shared); }
  [[nodiscard]] const std::shared_ptr<const SharedScripts>& shared() const { return shared_; }

  // Runs `compiled` in place of what that instance ran, `enabled` or not: the old actor stops, then
  // the new one starts with its values and alarm states. On any failure the old one goes on untouched:
  // kConflict (a change is under way), kInvalid (a connection's definition), kExhausted (a limit), and
  // the keeper's error where there was no actor to take over from.
  void swap(Compiled compiled, bool enabled, Done done);

  // kNotFound when no such instance is here, kConflict; being so already is success.
  void disable(const std::string& instance, Done done);
  void enable(const std::string& instance, Done done);
  // Stops it and forgets its retained values and alarm states; none here is success. After an error
  // of the keeper it is stopped, and removing it again forgets.
  void remove(const std::string& instance, Done done);

  // As an operator writes: answers what the device said, or once an unbound attribute holds it.
  void write(const std::string& instance, const std::string& attribute, Value value, Done done);
  // `occurrence` as AlarmStatus shows it; kPreconditionFailed when it is not the present one.
  void acknowledge(const std::string& instance, const std::string& alarm, const std::string& occurrence,
                   Done done);

  // All attributes by name; nothing when no such instance is here.
  void values(const std::string& instance, Reply<std::optional<std::vector<AttributeValue>>> reply);
  // Those that are active, latched or unacknowledged, by instance and alarm.
  void alarms(Reply<std::vector<AlarmStatus>> reply);
  void tally(Reply<Tally> reply);

  // Instances here, enabled or not, and those that start for the first time.
  [[nodiscard]] std::size_t size() const { return slots_.size(); }

  // Stops every instance and answers once what they kept is saved. Until `resume` none is put to work:
  // swaps fail with kUnavailable. May be asked again before it has answered.
  void suspend(std::function<void()> done);
  // After that has answered.
  void resume();
  // Suspends for good; nothing can be changed any more.
  void stop(std::function<void()> done);

 private:
  struct Slot {
    std::shared_ptr<Actor> actor;  // none: its first start is under way
    std::shared_ptr<Actor> next;   // what takes its place once it is ready
    bool busy = false;             // a change is under way
  };

  // The steps of a swap, in this order.
  void prepare(const std::string& instance, const Compiled& compiled, FieldLinks links);
  void fetch_heritage(const std::string& instance, Reply<Result<Heritage>> reply);
  void take_over(const std::string& instance, Heritage heritage, bool enabled, Done done);

  enum class Service { kRunning, kSuspended, kStopped };

  [[nodiscard]] Result<> claim(const std::string& instance);
  void halt_all(std::function<void()> done);
  void set_enabled(const std::string& instance, bool enabled, Done done);
  void forget(const std::string& instance, Done done);
  void finish(const std::string& instance, const Done& done, Result<> outcome);
  void ask_outside(Asked asked, const std::weak_ptr<Actor>& actor, const Answered& answered);
  void save(const std::string& instance, const std::weak_ptr<Actor>& actor, const Kept& changed);
  void retire(std::shared_ptr<Actor> actor);
  void halt(const std::string& instance);
  void tell_if_empty();

  [[nodiscard]] Actor* find(const std::string& instance) const;
  // `task` on the loop on a turn of its own, unless this is gone by then.
  void later(Task task);
  // question(instance) on the actor's strand, then reply(its answer) on the loop.
  template <class Question, class OnAnswer>
  void ask(const Actor& actor, Question question, OnAnswer reply);
  // The same of all actors, with one reply for all answers, in order of name.
  template <class Answer>
  void ask_all(std::function<Answer(const Instance&)> question, Reply<std::vector<Answer>> reply);

  template <class T>
  void on_compiler(std::function<Result<T>()> work, Reply<Result<T>> reply);

  const Surroundings surroundings_;
  std::shared_ptr<const SharedScripts> shared_ = std::make_shared<const SharedScripts>();
  std::map<std::string, Slot> slots_;
  std::vector<std::shared_ptr<Actor>> retiring_;
  Tally gone_;  // counters of instances that were removed
  Service service_ = Service::kRunning;
  std::vector<std::function<void()>> wait_for_empty_;
  const std::shared_ptr<Runtime*> self_;  // answers that come too late find it gone
};

}  // namespace fieldline::runtime

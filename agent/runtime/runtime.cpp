#include "agent/runtime/runtime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "agent/runtime/actor.hpp"
#include "agent/runtime/limits.hpp"
#include "common/base/check.hpp"

namespace fieldline::runtime {
namespace {

Result<> not_here(const std::string& instance) {
  return fail(ErrorCode::kNotFound, fmt::format("no instance named {} runs here", instance));
}

// What an instance that ends leaves to the sums of its node.
Tally counters_of(const Heritage& heritage) {
  Tally counters;
  counters.script_runs = heritage.counters.script_runs;
  counters.script_errors = heritage.counters.script_errors;
  counters.script_coalesced = heritage.counters.script_coalesced;
  return counters;
}

Result<> suspended() {
  return fail(ErrorCode::kUnavailable, "this node runs no instances now");
}

Result<> no_room() {
  return fail(ErrorCode::kExhausted, fmt::format("this node runs its limit of {} instances", kInstances));
}

}  // namespace

Runtime::Runtime(Surroundings surroundings)
    : surroundings_(std::move(surroundings)), self_(std::make_shared<Runtime*>(this)) {}

Runtime::~Runtime() = default;

template <class Question, class OnAnswer>
void Runtime::ask(const Actor& actor, Question question, OnAnswer reply) {
  using Answer = std::invoke_result_t<Question, Instance&>;
  actor.strand->post([instance = actor.instance.get(), loop = &surroundings_.loop,
                      self = std::weak_ptr(self_), question = std::move(question),
                      reply = std::move(reply)]() mutable {
    auto answer = std::make_shared<Answer>(question(*instance));
    loop->post([self, answer, reply = std::move(reply)] {
      if (!self.expired()) reply(std::move(*answer));
    });
  });
}

template <class Answer>
void Runtime::ask_all(std::function<Answer(const Instance&)> question, Reply<std::vector<Answer>> reply) {
  struct Gathering {
    std::vector<Answer> answers;  // each strand writes its own
    std::atomic<std::size_t> missing;
  };
  std::vector<const Actor*> actors;
  for (const auto& [name, slot] : slots_) {
    if (slot.actor) actors.push_back(slot.actor.get());
  }
  auto gathering = std::make_shared<Gathering>();
  gathering->answers.resize(actors.size());
  gathering->missing = actors.size();
  auto deliver = [gathering, reply = std::move(reply)] { reply(std::move(gathering->answers)); };
  if (actors.empty()) {
    later(deliver);
    return;
  }
  for (std::size_t i = 0; i < actors.size(); ++i) {
    actors[i]->strand->post([i, gathering, question, deliver, instance = actors[i]->instance.get(),
                             loop = &surroundings_.loop, self = std::weak_ptr(self_)] {
      gathering->answers[i] = question(*instance);
      if (--gathering->missing > 0) return;
      loop->post([self, deliver] {
        if (!self.expired()) deliver();
      });
    });
  }
}

void Runtime::later(Task task) {
  surroundings_.loop.post([self = std::weak_ptr(self_), task = std::move(task)] {
    if (!self.expired()) task();
  });
}

Actor* Runtime::find(const std::string& instance) const {
  const auto slot = slots_.find(instance);
  return slot == slots_.end() ? nullptr : slot->second.actor.get();
}

// ---- changes --------------------------------------------------------------------------------------

Result<> Runtime::claim(const std::string& instance) {
  if (service_ == Service::kStopped) return fail(ErrorCode::kUnavailable, "the node is stopping");
  auto& slot = slots_[instance];
  if (slot.busy) {
    return fail(ErrorCode::kConflict, fmt::format("another change of {} is under way", instance));
  }
  slot.busy = true;
  return {};
}

void Runtime::finish(const std::string& instance, const Done& done, Result<> outcome) {
  const auto found = slots_.find(instance);
  FIELDLINE_CHECK(found != slots_.end() && found->second.busy);
  found->second.busy = false;
  if (!found->second.actor) slots_.erase(found);
  done(std::move(outcome));
  if (service_ != Service::kRunning && find(instance) != nullptr) halt(instance);
  tell_if_empty();
}

template <class T>
void Runtime::on_compiler(std::function<Result<T>()> work, Reply<Result<T>> reply) {
  const bool taken = surroundings_.compiler.try_post(
      [work = std::move(work), reply, loop = &surroundings_.loop, self = std::weak_ptr(self_)] {
        loop->post([self, reply, compiled = work()] {
          if (!self.expired()) reply(compiled);
        });
      });
  if (taken) return;
  later([reply] { reply(fail(ErrorCode::kExhausted, "too many configurations wait to be compiled")); });
}

void Runtime::compile(FlatConfig config, Reply<Result<Compiled>> reply) {
  on_compiler<Compiled>(
      [given = std::make_shared<FlatConfig>(std::move(config)), shared = shared_]() -> Result<Compiled> {
        auto modules = shared->needed_by(given->artifacts);
        if (!modules) return fail(std::move(modules.error()));
        return Compiled::compile(std::move(*given), std::move(*modules));
      },
      std::move(reply));
}

void Runtime::compile_shared(lua::Modules sources,
                             Reply<Result<std::shared_ptr<const SharedScripts>>> reply) {
  using Shared = std::shared_ptr<const SharedScripts>;
  on_compiler<Shared>(
      [sources = std::move(sources)]() -> Result<Shared> {
        auto compiled = SharedScripts::compile(sources);
        if (!compiled) return fail(std::move(compiled.error()));
        return std::make_shared<const SharedScripts>(std::move(*compiled));
      },
      std::move(reply));
}

void Runtime::swap(Compiled compiled, bool enabled, Done done) {
  const auto& name = compiled.config().instance;
  const bool room = slots_.contains(name) || slots_.size() < kInstances;
  const auto claimed = service_ == Service::kSuspended ? suspended() : room ? claim(name) : no_room();
  if (!claimed) {
    later([done, claimed] { done(claimed); });
    return;
  }
  auto links = FieldLinks::open(compiled.config(), [this](const Connection& definition) {
    return surroundings_.connections.open(definition);
  });
  if (!links) {
    later([this, name, done, error = links.error()] { finish(name, done, fail(error)); });
    return;
  }
  prepare(name, compiled, std::move(*links));
  const auto give_up = [this, name, done](Error error) {
    retire(std::move(slots_[name].next));
    finish(name, done, fail(std::move(error)));
  };
  ask(
      *slots_[name].next, [](Instance& instance) { return instance.load(); },
      [this, name, enabled, done, give_up](Result<> loaded) {
        if (!loaded) return give_up(loaded.error());
        fetch_heritage(name, [this, name, enabled, done, give_up](Result<Heritage> heritage) {
          if (!heritage) return give_up(heritage.error());
          take_over(name, std::move(*heritage), enabled, done);
        });
      });
}

void Runtime::prepare(const std::string& instance, const Compiled& compiled, FieldLinks links) {
  auto actor = std::make_shared<Actor>();
  actor->strand = surroundings_.strands.make();
  auto send = [this, instance, loop = &surroundings_.loop, self = std::weak_ptr(self_),
               weak = std::weak_ptr(actor)](const Kept& changed) {
    loop->post([this, self, instance, weak, changed] {
      if (!self.expired()) save(instance, weak, changed);
    });
  };
  auto ask = [this, loop = &surroundings_.loop, self = std::weak_ptr(self_), weak = std::weak_ptr(actor)](
                 Asked asked, const Answered& answered) {
    loop->post([this, self, weak, answered, asked = std::move(asked)] {
      if (!self.expired()) ask_outside(asked, weak, answered);
    });
  };
  actor->instance = std::make_unique<Instance>(compiled, std::move(links),
                                               Speaker{*actor->strand, instance, surroundings_.log},
                                               std::move(send), std::move(ask));
  slots_[instance].next = std::move(actor);
}

void Runtime::fetch_heritage(const std::string& instance, Reply<Result<Heritage>> reply) {
  if (const auto* actor = find(instance)) {
    ask(
        *actor, [](Instance& old) { return old.stop(); },
        [reply](Heritage heritage) { reply(std::move(heritage)); });
    return;
  }
  surroundings_.keeper.load(instance, [self = std::weak_ptr(self_), reply](Result<Kept> kept) {
    if (self.expired()) return;
    if (kept) {
      reply(read_kept(*kept));
    } else {
      reply(fail(std::move(kept.error())));
    }
  });
}

void Runtime::take_over(const std::string& instance, Heritage heritage, bool enabled, Done done) {
  auto& slot = slots_[instance];
  if (slot.actor) retire(std::move(slot.actor));
  slot.actor = std::move(slot.next);
  ask(
      *slot.actor,
      [heritage = std::move(heritage), enabled](Instance& fresh) {
        fresh.start(heritage, enabled);
        return Result<>();
      },
      [this, instance, done](Result<> started) { finish(instance, done, std::move(started)); });
}

void Runtime::disable(const std::string& instance, Done done) {
  set_enabled(instance, false, std::move(done));
}

void Runtime::enable(const std::string& instance, Done done) {
  set_enabled(instance, true, std::move(done));
}

void Runtime::set_enabled(const std::string& instance, bool enabled, Done done) {
  auto claimed = slots_.contains(instance) ? claim(instance) : not_here(instance);
  if (!claimed) {
    later([done, claimed] { done(claimed); });
    return;
  }
  ask(
      *find(instance),
      [enabled](Instance& actor) {
        enabled ? actor.enable() : actor.disable();
        return Result<>();
      },
      [this, instance, done](Result<> changed) { finish(instance, done, std::move(changed)); });
}

void Runtime::remove(const std::string& instance, Done done) {
  const bool runs = slots_.contains(instance);
  auto claimed = claim(instance);
  if (!claimed) {
    later([done, claimed] { done(claimed); });
    return;
  }
  if (!runs) {
    forget(instance, std::move(done));
    return;
  }
  ask(
      *find(instance), [](Instance& actor) { return actor.stop(); },
      [this, instance, done](const Heritage& heritage) {
        gone_ += counters_of(heritage);
        retire(std::move(slots_[instance].actor));
        forget(instance, done);
      });
}

void Runtime::forget(const std::string& instance, Done done) {
  surroundings_.keeper.forget(instance,
                              [this, instance, done, self = std::weak_ptr(self_)](Result<> outcome) {
                                if (!self.expired()) finish(instance, done, std::move(outcome));
                              });
}

// ---- what actors ask for, and how they end --------------------------------------------------------

void Runtime::save(const std::string& instance, const std::weak_ptr<Actor>& actor, const Kept& changed) {
  surroundings_.keeper.save(instance, changed, [self = std::weak_ptr(self_), actor](Result<> outcome) {
    const auto asker = actor.lock();
    if (self.expired() || !asker || asker->retiring) return;
    asker->strand->post([asked = asker->instance.get(), outcome] { asked->saved(outcome); });
  });
}

void Runtime::ask_outside(Asked asked, const std::weak_ptr<Actor>& actor, const Answered& answered) {
  surroundings_.outside.ask(
      std::move(asked), [self = std::weak_ptr(self_), actor, answered](Result<Json> answer) {
        const auto asker = actor.lock();
        if (self.expired() || !asker || asker->retiring) return;
        asker->strand->post([answered, answer = std::move(answer)] { answered(answer); });
      });
}

// The instance goes on its own strand, after all that was posted to it; then the strand on the loop.
void Runtime::retire(std::shared_ptr<Actor> actor) {
  auto* leaving = actor.get();
  leaving->retiring = true;
  retiring_.push_back(std::move(actor));
  leaving->strand->post([this, leaving, loop = &surroundings_.loop, self = std::weak_ptr(self_)] {
    leaving->instance.reset();
    loop->post([this, leaving, self] {
      if (self.expired()) return;
      std::erase_if(retiring_, [leaving](const auto& retired) { return retired.get() == leaving; });
      tell_if_empty();
    });
  });
}

void Runtime::suspend(std::function<void()> done) {
  FIELDLINE_CHECK(service_ != Service::kStopped);
  service_ = Service::kSuspended;
  halt_all(std::move(done));
}

void Runtime::resume() {
  FIELDLINE_CHECK(service_ != Service::kStopped && wait_for_empty_.empty());
  service_ = Service::kRunning;
}

void Runtime::stop(std::function<void()> done) {
  FIELDLINE_CHECK(service_ != Service::kStopped);
  service_ = Service::kStopped;
  halt_all(std::move(done));
}

void Runtime::halt_all(std::function<void()> done) {
  wait_for_empty_.push_back(std::move(done));
  std::vector<std::string> idle;
  for (const auto& [name, slot] : slots_) {
    if (!slot.busy) idle.push_back(name);
  }
  for (const auto& name : idle) halt(name);
  later([this] { tell_if_empty(); });
}

void Runtime::halt(const std::string& instance) {
  slots_[instance].busy = true;
  ask(
      *find(instance), [](Instance& actor) { return actor.stop(); },
      [this, instance](const Heritage& heritage) {
        gone_ += counters_of(heritage);
        auto let_go = [this, instance, self = std::weak_ptr(self_)](const Result<>&) {
          if (self.expired()) return;
          retire(std::move(slots_[instance].actor));
          slots_.erase(instance);
        };
        if (heritage.unsaved.empty()) {
          let_go({});
        } else {
          surroundings_.keeper.save(instance, heritage.unsaved, let_go);
        }
      });
}

void Runtime::tell_if_empty() {
  if (!slots_.empty() || !retiring_.empty()) return;
  for (const auto& told : std::exchange(wait_for_empty_, {})) told();
}

// ---- questions ------------------------------------------------------------------------------------

void Runtime::write(const std::string& instance, const std::string& attribute, Value value, Done done) {
  const auto* actor = find(instance);
  if (actor == nullptr) {
    later([done, instance] { done(not_here(instance)); });
    return;
  }
  auto answer = [done, loop = &surroundings_.loop, self = std::weak_ptr(self_)](const Result<>& outcome) {
    loop->post([done, self, outcome] {
      if (!self.expired()) done(outcome);
    });
  };
  actor->strand->post([asked = actor->instance.get(), attribute, value = std::move(value),
                       answer = std::move(answer)] { asked->write(attribute, value, answer); });
}

void Runtime::acknowledge(const std::string& instance, const std::string& alarm,
                          const std::string& occurrence, Done done) {
  const auto* actor = find(instance);
  if (actor == nullptr) {
    later([done, instance] { done(not_here(instance)); });
    return;
  }
  ask(
      *actor, [alarm, occurrence](Instance& asked) { return asked.acknowledge(alarm, occurrence); }, done);
}

void Runtime::values(const std::string& instance, Reply<std::optional<std::vector<AttributeValue>>> reply) {
  const auto* actor = find(instance);
  if (actor == nullptr) {
    later([reply] { reply(std::nullopt); });
    return;
  }
  ask(
      *actor, [](const Instance& asked) { return std::optional(asked.values()); }, reply);
}

void Runtime::alarms(Reply<std::vector<AlarmStatus>> reply) {
  ask_all<std::vector<AlarmStatus>>([](const Instance& asked) { return asked.alarms(); },
                                    [reply](std::vector<std::vector<AlarmStatus>> answers) {
                                      std::vector<AlarmStatus> all;
                                      for (auto& answer : answers)
                                        std::move(answer.begin(), answer.end(), std::back_inserter(all));
                                      reply(std::move(all));
                                    });
}

void Runtime::tally(Reply<Tally> reply) {
  ask_all<Tally>([](const Instance& asked) { return asked.tally(); },
                 [this, reply](const std::vector<Tally>& answers) {
                   Tally sum = gone_;
                   for (const auto& answer : answers) sum += answer;
                   reply(sum);
                 });
}

}  // namespace fieldline::runtime

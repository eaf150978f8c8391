// One script of an instance: when it runs, one run at a time, and what its failures cost, which is
// that run. What triggers it during a run is coalesced and counted. Lives on the instance's strand.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "agent/runtime/tally.hpp"
#include "agent/runtime/voice.hpp"
#include "common/base/executor.hpp"
#include "common/base/result.hpp"
#include "common/lua/script.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class ScriptRunner {
 public:
  using Finish = std::function<void(Result<lua::Values>)>;

  // `definition` outlives this.
  ScriptRunner(const Script& definition, const Speaker& speaker);
  ~ScriptRunner();
  ScriptRunner(const ScriptRunner&) = delete;
  ScriptRunner& operator=(const ScriptRunner&) = delete;

  // Once, before anything runs: the functions of `library` may refer to this runner.
  Result<> load(std::shared_ptr<const lua::Library> library, const lua::Modules& modules,
                lua::Script::Print print);

  void start();
  // Gives up the run and all that waits; nothing calls back.
  void stop();
  void trigger();
  // What the attribute of its condition holds now: triggers when that makes the condition true, and for
  // as long as it stays so if it is to.
  void weigh(const Sample& sample);
  // Runs it for `caller`, which the present run of must be waiting for `finish`.
  Result<> call(ScriptRunner& caller, lua::Values arguments, Finish finish);

  // For the functions that its run calls: a request to return to Lua, and its answer later, never at once.
  lua::Request open_request();
  void answer(lua::Request request, Result<lua::Reply> values);
  lua::Request sleep(Duration duration);

  [[nodiscard]] const Script& definition() const { return definition_; }
  [[nodiscard]] bool is_running() const { return running_.has_value(); }
  void count(Tally& tally) const;

 private:
  struct Start {
    lua::Values arguments;
    Finish finish;  // none: a trigger
    int depth = 1;
  };

  [[nodiscard]] bool waits_for(const ScriptRunner& other) const;
  void enqueue(Start start);
  void schedule();
  void begin();
  void settle(lua::Outcome outcome);
  void end(Result<lua::Values> result);
  void report(const lua::Failed& failure);
  void begin_ticks();
  void tick();

  const Script& definition_;
  Executor& strand_;
  Voice voice_;
  std::optional<lua::Script> script_;

  bool started_ = false;
  std::deque<Start> waiting_;
  std::optional<Start> running_;
  std::optional<lua::Request> open_;      // what the run waits for
  const ScriptRunner* callee_ = nullptr;  // or whom
  std::uint64_t requests_ = 0;
  std::optional<Instant> last_start_;
  Instant next_tick_{};
  bool condition_true_ = false;

  Executor::TimerId start_timer_ = 0;
  Executor::TimerId tick_timer_ = 0;
  Executor::TimerId sleep_timer_ = 0;

  std::int64_t runs_ = 0;
  std::int64_t errors_ = 0;
  std::int64_t coalesced_ = 0;
};

}  // namespace fieldline::runtime

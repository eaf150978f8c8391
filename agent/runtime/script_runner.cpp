#include "agent/runtime/script_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "agent/runtime/condition.hpp"
#include "agent/runtime/limits.hpp"
#include "agent/runtime/text.hpp"
#include "common/base/check.hpp"
#include "common/model/json.hpp"

namespace fieldline::runtime {
namespace {

lua::Budget budget_of(const Script& script) {
  const auto microseconds = script.timeout.count();
  return {.time = script.timeout,
          .instructions = static_cast<std::uint64_t>(microseconds * kInstructionsPerMicrosecond),
          .memory = static_cast<std::size_t>(script.memory_limit)};
}

}  // namespace

ScriptRunner::ScriptRunner(const Script& definition, const Speaker& speaker)
    : definition_(definition), strand_(speaker.strand), voice_(speaker, Category::kScript, kFailureRate) {}

ScriptRunner::~ScriptRunner() {
  stop();
}

Result<> ScriptRunner::load(std::shared_ptr<const lua::Library> library, const lua::Modules& modules,
                            lua::Script::Print print) {
  auto script = lua::Script::load({definition_.name, definition_.source, modules, budget_of(definition_)},
                                  std::move(library), strand_.clock(), std::move(print));
  if (!script) return fail(std::move(script.error()));
  script_.emplace(std::move(*script));
  return {};
}

void ScriptRunner::start() {
  started_ = true;
  condition_true_ = false;
  if (definition_.trigger.kind == TriggerKind::kInterval) begin_ticks();
}

void ScriptRunner::stop() {
  started_ = false;
  waiting_.clear();
  // Its pending closes may still call the library, so the rest is cleared after them.
  if (script_ && script_->waiting()) script_->cancel();
  running_.reset();
  open_.reset();
  callee_ = nullptr;
  for (auto* timer : {&start_timer_, &tick_timer_, &sleep_timer_}) strand_.cancel(std::exchange(*timer, 0));
  voice_.flush();
}

void ScriptRunner::weigh(const Sample& sample) {
  if (!started_) return;
  const auto truth = is_true(*definition_.trigger.condition, sample);
  if (!truth || *truth == condition_true_) return;
  condition_true_ = *truth;
  strand_.cancel(std::exchange(tick_timer_, 0));
  if (!condition_true_) return;
  trigger();
  if (repeats(definition_.trigger)) begin_ticks();
}

void ScriptRunner::begin_ticks() {
  next_tick_ = strand_.clock().now();
  tick();
}

// Ticks stand on a grid, so that starts do not drift; one that was missed is not made up for.
void ScriptRunner::tick() {
  const auto interval = std::max(definition_.trigger.interval, kShortestSpacing);
  const auto now = strand_.clock().now();
  next_tick_ += interval * ((now - next_tick_) / interval + 1);
  tick_timer_ = strand_.after(next_tick_ - now, [this] {
    trigger();
    tick();
  });
}

void ScriptRunner::trigger() {
  if (!started_) return;
  const bool due = std::any_of(waiting_.begin(), waiting_.end(), [](const Start& s) { return !s.finish; });
  if (due || running_) ++coalesced_;
  if (!due) enqueue({});
}

Result<> ScriptRunner::call(ScriptRunner& caller, lua::Values arguments, Finish finish) {
  FIELDLINE_CHECK(caller.running_.has_value());
  const auto refuse = [&](ErrorCode code, std::string_view why) {
    return fail(code, fmt::format("{} can't call {}: {}", caller.definition_.name, definition_.name, why));
  };
  const int depth = caller.running_->depth + 1;
  if (!started_ || !caller.started_) return refuse(ErrorCode::kUnavailable, "the instance is stopping");
  if (waits_for(caller)) return refuse(ErrorCode::kInvalid, "it waits for this very run to end");
  if (depth > kCallDepth) {
    return refuse(ErrorCode::kExhausted, fmt::format("calls are nested more than {} deep", kCallDepth));
  }
  if (waiting_.size() >= kCallsWaiting) return refuse(ErrorCode::kExhausted, "too many calls of it wait");
  caller.callee_ = this;
  enqueue({std::move(arguments), std::move(finish), depth});
  return {};
}

// Each script has one run, which waits for at most one other: so what waits for what is a chain.
bool ScriptRunner::waits_for(const ScriptRunner& other) const {
  const auto* runner = this;
  while (runner != nullptr && runner != &other) runner = runner->callee_;
  return runner == &other;
}

void ScriptRunner::enqueue(Start start) {
  waiting_.push_back(std::move(start));
  schedule();
}

// A run always begins on a turn of its own, never inside what caused it.
void ScriptRunner::schedule() {
  if (!started_ || running_ || waiting_.empty() || start_timer_ != 0) return;
  const auto least = waiting_.front().finish ? Duration::zero() : kShortestSpacing;
  const auto spacing = std::max(definition_.min_interval, least);
  const auto now = strand_.clock().now();
  const auto wait = last_start_ ? std::max(*last_start_ + spacing - now, Duration::zero()) : Duration::zero();
  start_timer_ = strand_.after(wait, [this] {
    start_timer_ = 0;
    begin();
  });
}

void ScriptRunner::begin() {
  running_ = std::move(waiting_.front());
  waiting_.pop_front();
  last_start_ = strand_.clock().now();
  ++runs_;
  settle(script_->start(running_->arguments));
}

void ScriptRunner::settle(lua::Outcome outcome) {
  if (std::holds_alternative<lua::Waiting>(outcome)) return;
  if (auto* done = std::get_if<lua::Done>(&outcome)) {
    end(std::move(done->values));
    return;
  }
  auto& failure = std::get<lua::Failed>(outcome);
  ++errors_;
  report(failure);
  end(fail(std::move(failure.error)));
}

void ScriptRunner::end(Result<lua::Values> result) {
  FIELDLINE_CHECK(running_.has_value());
  const auto finish = std::move(running_->finish);
  running_.reset();
  open_.reset();
  callee_ = nullptr;
  schedule();
  if (finish) finish(std::move(result));
}

void ScriptRunner::report(const lua::Failed& failure) {
  auto details = Json::object();
  details["kind"] = std::string(lua::name(failure.kind));
  details["where"] = failure.error.where;
  details["stack"] = failure.traceback;
  voice_.say(Severity::kError, "scripts/" + definition_.name,
             fmt::format("{}: {}", failure.error.where, failure.error.message),
             details.dump(-1, ' ', false, Json::error_handler_t::replace));
}

lua::Request ScriptRunner::open_request() {
  open_ = lua::Request{++requests_};
  return *open_;
}

void ScriptRunner::answer(lua::Request request, Result<lua::Reply> values) {
  if (open_ != request) return;  // of a run that is over
  open_.reset();
  callee_ = nullptr;
  settle(script_->resume(std::move(values)));
}

lua::Request ScriptRunner::sleep(Duration duration) {
  const auto request = open_request();
  sleep_timer_ = strand_.after(duration, [this, request] {
    sleep_timer_ = 0;
    answer(request, lua::Values{});
  });
  return request;
}

void ScriptRunner::count(Tally& tally) const {
  tally.script_runs += runs_;
  tally.script_errors += errors_;
  tally.script_coalesced += coalesced_;
}

}  // namespace fieldline::runtime

#include "common/lua/machine.hpp"

#include <fmt/core.h>
#include <cstring>

#include <lua.hpp>
#include <utility>

#include "common/base/check.hpp"
#include "common/lua/chunk.hpp"
#include "common/lua/environment.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/message.hpp"
#include "common/lua/trace.hpp"
#include "common/lua/values.hpp"

namespace fieldline::lua {
namespace {

const char kChunk = 0;  // its address keys the compiled script in the registry
const char kRun = 0;    // … and the run's thread

int panic(lua_State* /*thread*/) {
  FIELDLINE_UNREACHABLE();  // every call that may raise is a protected one
}

int results_of_chunk(lua_State* thread, int /*status*/, lua_KContext /*context*/) {
  return lua_gettop(thread);
}

// The function at the bottom of a run; its argument points to the script's.
int run_chunk(lua_State* thread) {
  const auto& arguments = *static_cast<const Values*>(lua_touserdata(thread, 1));
  lua_settop(thread, 0);
  lua_rawgetp(thread, LUA_REGISTRYINDEX, &kChunk);
  push(thread, arguments);
  lua_callk(thread, lua_gettop(thread) - 1, LUA_MULTRET, 0, results_of_chunk);
  return results_of_chunk(thread, LUA_OK, 0);
}

// Fills a new state; its argument points to the machine.
int furnish(lua_State* state) {
  auto& machine = *static_cast<Machine*>(lua_touserdata(state, 1));
  open_environment(state);
  load_chunk(state, machine.setup().program.source, machine.setup().program.name);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kChunk);
  lua_newthread(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kRun);
  return 0;
}

}  // namespace

Machine::Machine(const Setup& setup)
    : setup_(setup),
      heap_(setup.program.budget.memory, [this] { return watch_.overdue(); }),
      watch_(setup.clock, setup.program.budget, heap_) {}

Result<std::unique_ptr<Machine>> Machine::build(const Setup& setup) {
  std::unique_ptr<Machine> machine(new Machine(setup));
  lua_State* state = lua_newstate(Heap::allocate, &machine->heap_);
  const auto too_small = [&] {
    return fail(ErrorCode::kExhausted, fmt::format("{} KiB of memory don't hold the script; allow it more",
                                                   setup.program.budget.memory / 1024));
  };
  if (state == nullptr) return too_small();
  machine->state_ = state;
  lua_atpanic(state, panic);
  auto* self = machine.get();
  std::memcpy(lua_getextraspace(state), &self, sizeof self);
  machine->watch_.attach(state);
  lua_pushcfunction(state, furnish);
  lua_pushlightuserdata(state, self);
  const int status = lua_pcall(state, 1, 0, 0);
  if (status == LUA_ERRMEM || machine->heap_.over()) return too_small();
  if (status != LUA_OK) return fail(ErrorCode::kInvalid, message_at(state, -1), setup.program.name);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kRun);
  machine->run_ = lua_tothread(state, -1);
  lua_settop(state, 0);
  return machine;
}

// Nothing of the script runs here: it has no finalizers, and only the main thread's pending closes
// would be called, on which no script runs.
Machine::~Machine() {
  if (state_ != nullptr) lua_close(state_);
}

Machine& Machine::of(lua_State* thread) {
  Machine* machine = nullptr;
  std::memcpy(&machine, lua_getextraspace(thread), sizeof machine);
  return *machine;
}

// Errors that Lua raises on a thread outside of its own protection (it can't say "cannot resume" for
// want of memory) go to the main thread, and would end the process there.
void Machine::shielded(const std::function<void()>& work) {
  const auto call = [](lua_State* state) {
    (*static_cast<const std::function<void()>*>(lua_touserdata(state, 1)))();
    return 0;
  };
  watch_.enter();
  lua_pushcfunction(state_, call);
  lua_pushlightuserdata(state_, const_cast<std::function<void()>*>(&work));
  if (lua_pcall(state_, 1, 0, 0) != LUA_OK) {
    lua_settop(state_, 0);
    watch_.observe(run_);
  }
  watch_.leave();
}

Outcome Machine::start(const Values& arguments) {
  watch_.begin();
  answer.reset();
  lua_pushcfunction(run_, run_chunk);
  lua_pushlightuserdata(run_, const_cast<Values*>(&arguments));  // read only; run_chunk's first act
  return step(1);
}

Outcome Machine::resume(Result<Reply> given) {
  pending.reset();
  answer = std::move(given);
  return step(0);
}

std::optional<Failed> Machine::cancel() {
  pending.reset();
  shielded([this] { reset(); });
  return watch_.killed();
}

Outcome Machine::step(int arguments) {
  Outcome outcome =
      Failed{FailureKind::kMemory, Error{ErrorCode::kExhausted, "ran out of memory", {}, {}}, {}};
  shielded([&] {
    int results = 0;
    const int status = lua_resume(run_, state_, arguments, &results);
    outcome = settle(status, results);
  });
  if (watch_.killed()) return *watch_.killed();
  return outcome;
}

Outcome Machine::settle(int status, int results) {
  if (status == LUA_OK) return finished(results);
  watch_.observe(run_);  // before the stack is lost
  if (watch_.killed()) return *watch_.killed();
  if (status != LUA_YIELD) return failed();
  lua_pop(run_, results);
  return Waiting{pending.value()};
}

Outcome Machine::finished(int results) {
  auto values = read(run_, results);
  lua_settop(run_, 0);
  if (values) return Done{std::move(*values)};
  return Failed{FailureKind::kError,
                Error{ErrorCode::kInvalid, "returned " + values.error().message, setup_.program.name, {}},
                {}};
}

Failed Machine::failed() {
  Failed failure{FailureKind::kError, lua_error_of(message_at(run_, -1), position(run_)), traceback(run_)};
  reset();
  return failure;
}

// Runs the pending closes of the script, within what is left of its budget.
void Machine::reset() {
  lua_resetthread(run_);
  watch_.observe(run_);
  lua_settop(run_, 0);
}

}  // namespace fieldline::lua

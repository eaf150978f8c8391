#include "common/lua/watch.hpp"

#include <fmt/core.h>

#include <lua.hpp>
#include <utility>

#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/trace.hpp"

namespace fieldline::lua {
namespace {

void on_count(lua_State* thread, lua_Debug* /*event*/) {
  charge(thread, kCheckInterval);
}

}  // namespace

Watch::Watch(const Clock& clock, const Budget& budget, const Heap& heap)
    : clock_(clock), budget_(budget), heap_(heap) {}

void Watch::attach(lua_State* thread) {
  lua_sethook(thread, on_count, LUA_MASKCOUNT, kCheckInterval);
}

void Watch::begin() {
  time_ = Duration::zero();
  steps_ = 0;
  unchecked_ = 0;
}

void Watch::enter() {
  entered_ = clock_.now();
}

void Watch::leave() {
  time_ = time();
  entered_.reset();
}

Duration Watch::time() const {
  return entered_ ? time_ + (clock_.now() - *entered_) : time_;
}

void Watch::charge(lua_State* thread, std::uint64_t steps) {
  steps_ += steps;
  unchecked_ += steps;
  if (unchecked_ >= kCheckInterval || heap_.over()) check(thread);
}

void Watch::check(lua_State* thread) {
  observe(thread);
  if (!killed_) return;
  // Whatever of the script still runs after this (a pending close) ends at its first instruction.
  lua_sethook(thread, on_count, LUA_MASKCOUNT, 1);
  lua_pushnil(thread);
  lua_error(thread);
}

void Watch::observe(lua_State* thread) {
  unchecked_ = 0;
  if (killed_) return;
  if (overdue()) {
    kill(thread, FailureKind::kTime, fmt::format("ran for more than {}", format_duration(budget_.time)));
  } else if (steps_ > budget_.instructions) {
    kill(thread, FailureKind::kTime, fmt::format("ran for more than {} instructions", budget_.instructions));
  } else if (heap_.exhausted() || !fits(thread)) {
    kill(thread, FailureKind::kMemory,
         fmt::format("needs more than {} KiB of memory, or a string, table or call stack over {} KiB",
                     budget_.memory / 1024, kMaxBlockBytes / 1024));
  }
}

// Garbage doesn't count.
bool Watch::fits(lua_State* thread) const {
  if (heap_.over()) lua_gc(thread, LUA_GCCOLLECT);
  return !heap_.over();
}

void Watch::kill(lua_State* thread, FailureKind kind, std::string message) {
  const auto code = kind == FailureKind::kTime ? ErrorCode::kTimeout : ErrorCode::kExhausted;
  killed_ = Failed{kind, Error{code, std::move(message), position(thread), {}}, traceback(thread)};
}

}  // namespace fieldline::lua

#include <lua.hpp>

#include "common/lua/charged.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

// A coroutine's thread and first kilobyte.
constexpr std::uint64_t kCreateSteps = 100;
// A switch to a coroutine and back; its instructions are counted apart from its resumer's.
constexpr std::uint64_t kResumeSteps = 50;
// Lua 5.4.4 forgets the depth of its C stack when it closes a coroutine, so closes inside of closes
// would go deeper than its limit.
constexpr int kMaxCloses = 3;

lua_State* coroutine_at(lua_State* thread, int index) {
  lua_State* coroutine = lua_tothread(thread, index);
  luaL_argexpected(thread, coroutine != nullptr, index, "coroutine");
  return coroutine;
}

// Moves the arguments above index 1 into `coroutine`; false, with the error pushed, when it can't run.
bool hand_over(lua_State* thread, lua_State* coroutine) {
  const int arguments = lua_gettop(thread) - 1;
  if (lua_checkstack(coroutine, arguments + 1) == 0) {
    lua_pushliteral(thread, "too many arguments to resume");
    return false;
  }
  lua_xmove(thread, coroutine, arguments);
  return true;
}

// The results on top of the resumer's stack, or -1 and the error there.
int take_over(lua_State* thread, lua_State* coroutine, int status, int results) {
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(coroutine, thread, 1);
    return -1;
  }
  if (lua_checkstack(thread, results + 1) == 0) {
    lua_pop(coroutine, results);
    lua_pushliteral(thread, "too many results to resume");
    return -1;
  }
  lua_xmove(coroutine, thread, results);
  return results;
}

int close_coroutine(lua_State* thread, lua_State* coroutine) {
  Machine& machine = Machine::of(thread);
  if (machine.closes >= kMaxCloses) luaL_error(thread, "coroutines close each other too deeply");
  const Counted close(machine.closes);
  const int status = lua_resetthread(coroutine);
  machine.watch().check(thread);
  return status;
}

// Runs the coroutine at index 1, whose stack holds `arguments`, until it returns, yields or fails. A
// wait for the host inside of it becomes a yield of this function too, to be continued by `rest`.
template <lua_KFunction rest>
int run_coroutine(lua_State* thread, int arguments) {
  Machine& machine = Machine::of(thread);
  lua_State* coroutine = lua_tothread(thread, 1);
  int results = 0;
  int status = LUA_OK;
  {
    const Counted barrier(machine.barriers, lua_isyieldable(thread) != 0 ? 0 : 1);
    status = lua_resume(coroutine, thread, arguments, &results);
  }
  if (status != LUA_OK && status != LUA_YIELD) machine.watch().observe(coroutine);
  machine.watch().check(thread);
  if (status == LUA_YIELD && machine.pending) {
    lua_pop(coroutine, results);
    return lua_yieldk(thread, 0, 0, rest);
  }
  return take_over(thread, coroutine, status, results);
}

int results_of_resume(lua_State* thread, int results) {
  lua_pushboolean(thread, results < 0 ? 0 : 1);
  const int count = results < 0 ? 1 : results;
  lua_insert(thread, -(count + 1));
  return count + 1;
}

int continue_resume(lua_State* thread, int /*status*/, lua_KContext /*context*/) {
  return results_of_resume(thread, run_coroutine<continue_resume>(thread, 0));
}

int resume(lua_State* thread) {
  lua_State* coroutine = coroutine_at(thread, 1);
  charge(thread, kResumeSteps);
  const int arguments = lua_gettop(thread) - 1;
  if (!hand_over(thread, coroutine)) return results_of_resume(thread, -1);
  return results_of_resume(thread, run_coroutine<continue_resume>(thread, arguments));
}

// Raises the error on top of the stack, with the caller's position when it is a message.
int raise_from(lua_State* thread, lua_State* coroutine) {
  const int status = lua_status(coroutine);
  if (status != LUA_OK && status != LUA_YIELD) {
    close_coroutine(thread, coroutine);
    lua_xmove(coroutine, thread, 1);  // a close may have raised another one
  }
  if (lua_type(thread, -1) == LUA_TSTRING) {
    luaL_where(thread, 1);
    lua_insert(thread, -2);
    lua_concat(thread, 2);
  }
  return lua_error(thread);
}

int results_of_wrapped(lua_State* thread, int results) {
  return results < 0 ? raise_from(thread, lua_tothread(thread, 1)) : results;
}

int continue_wrapped(lua_State* thread, int /*status*/, lua_KContext /*context*/) {
  return results_of_wrapped(thread, run_coroutine<continue_wrapped>(thread, 0));
}

// Upvalue: the coroutine.
int call_wrapped(lua_State* thread) {
  charge(thread, kResumeSteps);
  lua_pushvalue(thread, lua_upvalueindex(1));
  lua_insert(thread, 1);
  lua_State* coroutine = lua_tothread(thread, 1);
  const int arguments = lua_gettop(thread) - 1;
  if (!hand_over(thread, coroutine)) return results_of_wrapped(thread, -1);
  return results_of_wrapped(thread, run_coroutine<continue_wrapped>(thread, arguments));
}

int create(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TFUNCTION);
  charge(thread, kCreateSteps);
  lua_State* coroutine = lua_newthread(thread);
  lua_pushvalue(thread, 1);
  lua_xmove(thread, coroutine, 1);
  return 1;
}

int wrap(lua_State* thread) {
  create(thread);
  lua_pushcclosure(thread, call_wrapped, 1);
  return 1;
}

bool is_run(lua_State* thread) {
  return thread == Machine::of(thread).run();
}

int yield(lua_State* thread) {
  if (is_run(thread)) return luaL_error(thread, "attempt to yield from outside a coroutine");
  return lua_yield(thread, lua_gettop(thread));
}

int is_yieldable(lua_State* thread) {
  lua_State* asked = lua_isnoneornil(thread, 1) ? thread : coroutine_at(thread, 1);
  lua_pushboolean(thread, !is_run(asked) && lua_isyieldable(asked) != 0 ? 1 : 0);
  return 1;
}

int running(lua_State* thread) {
  lua_pushthread(thread);
  lua_pushboolean(thread, is_run(thread) ? 1 : 0);
  return 2;
}

// The call stack of a coroutine tells a suspended one from one that has resumed another.
bool is_at_rest(lua_State* thread, lua_State* coroutine) {
  lua_Debug call;
  if (coroutine == thread) return false;
  return lua_status(coroutine) != LUA_OK || lua_getstack(coroutine, 0, &call) == 0;
}

int close(lua_State* thread) {
  lua_State* coroutine = coroutine_at(thread, 1);
  if (!is_at_rest(thread, coroutine)) return luaL_error(thread, "cannot close a running coroutine");
  const bool closed = close_coroutine(thread, coroutine) == LUA_OK;
  lua_pushboolean(thread, closed ? 1 : 0);
  if (closed) return 1;
  lua_xmove(coroutine, thread, 1);
  return 2;
}

}  // namespace

void open_coroutine(lua_State* state) {
  open_native(state, luaopen_coroutine);  // of which only `status` stays
  constexpr luaL_Reg kOwn[] = {{"close", close},   {"create", create},   {"isyieldable", is_yieldable},
                               {"resume", resume}, {"running", running}, {"wrap", wrap},
                               {"yield", yield},   {nullptr, nullptr}};
  luaL_setfuncs(state, kOwn, 0);
}

}  // namespace fieldline::lua

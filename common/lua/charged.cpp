#include "common/lua/charged.hpp"

#include <lua.hpp>

#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"

namespace fieldline::lua {
namespace {

std::uint64_t steps_for(lua_State* thread, int index) {
  return lua_type(thread, index) == LUA_TSTRING ? lua_rawlen(thread, index) / kBytesPerStep : 0;
}

// Upvalues: the function, its Charged::first. The function runs on this very call's stack.
int call_charged(lua_State* thread) {
  std::uint64_t steps = 1;
  const int top = lua_gettop(thread);
  for (int index = static_cast<int>(lua_tointeger(thread, lua_upvalueindex(2))); index <= top; ++index) {
    steps += steps_for(thread, index);
  }
  charge(thread, steps);
  const int results = lua_tocfunction(thread, lua_upvalueindex(1))(thread);
  if (results > 0) charge(thread, static_cast<std::uint64_t>(results) - 1 + steps_for(thread, -1));
  return results;
}

// Does the function on top of the stack need more than its arguments?
bool has_upvalues(lua_State* state) {
  if (lua_getupvalue(state, -1, 1) == nullptr) return false;
  lua_pop(state, 1);
  return true;
}

void push_charged(lua_State* state, int (*function)(lua_State*), int first) {
  lua_pushcfunction(state, function);
  lua_pushinteger(state, first);
  lua_pushcclosure(state, call_charged, 2);
}

}  // namespace

void set_charged(lua_State* state, std::initializer_list<Charged> functions) {
  for (const Charged& each : functions) {
    push_charged(state, each.function, each.first);
    lua_setfield(state, -2, each.name);
  }
}

void charge_all(lua_State* state) {
  const int table = lua_gettop(state);
  for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
    if (lua_iscfunction(state, -1) == 0 || has_upvalues(state)) continue;
    lua_pushvalue(state, -2);
    push_charged(state, lua_tocfunction(state, -2), 1);
    lua_rawset(state, table);
  }
}

void charge_in_part(lua_State* state, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_getfield(state, -1, name);
    lua_getupvalue(state, -1, 1);
    push_charged(state, lua_tocfunction(state, -1), 2);
    lua_setfield(state, -4, name);
    lua_pop(state, 2);
  }
}

void open_native(lua_State* state, int (*opener)(lua_State*)) {
  lua_pushcfunction(state, opener);
  lua_call(state, 0, 1);
}

}  // namespace fieldline::lua

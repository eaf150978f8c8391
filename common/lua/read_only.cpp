#include "common/lua/read_only.hpp"

#include <lua.hpp>

namespace fieldline::lua {
namespace {

// Upvalue: the name of the table. Arguments of this and of `assign`: table, key, value.
int refuse(lua_State* thread) {
  const char* name = lua_tostring(thread, lua_upvalueindex(1));
  return luaL_error(thread, "'%s.%s' can't be assigned: %s belongs to the sandbox", name,
                    luaL_tolstring(thread, 2, nullptr), name);
}

// Upvalue: the table that may not be hidden.
int assign(lua_State* thread) {
  lua_settop(thread, 3);
  lua_pushvalue(thread, 2);
  if (lua_rawget(thread, lua_upvalueindex(1)) != LUA_TNIL) {
    return luaL_error(thread, "'%s' can't be assigned: it belongs to the sandbox",
                      luaL_tolstring(thread, 2, nullptr));
  }
  lua_pop(thread, 1);
  lua_rawset(thread, 1);
  return 0;
}

// Upvalue: the table behind the view.
int next_member(lua_State* thread) {
  lua_settop(thread, 2);
  return lua_next(thread, lua_upvalueindex(1)) != 0 ? 2 : 0;
}

int members(lua_State* thread) {
  lua_pushvalue(thread, lua_upvalueindex(1));
  lua_pushcclosure(thread, next_member, 1);
  return 1;
}

// [table, view, metatable] → [view]
void finish_view(lua_State* state) {
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "__index");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_remove(state, -2);
}

}  // namespace

void make_read_only(lua_State* state, const char* name) {
  lua_newtable(state);
  lua_createtable(state, 0, 4);
  lua_pushstring(state, name);
  lua_pushcclosure(state, refuse, 1);
  lua_setfield(state, -2, "__newindex");
  lua_pushvalue(state, -3);
  lua_pushcclosure(state, members, 1);
  lua_setfield(state, -2, "__pairs");
  finish_view(state);
}

void make_extendable(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 3);
  lua_pushvalue(state, -3);
  lua_pushcclosure(state, assign, 1);
  lua_setfield(state, -2, "__newindex");
  finish_view(state);
}

}  // namespace fieldline::lua

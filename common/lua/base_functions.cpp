#include <lua.hpp>
#include <string>
#include <string_view>

#include "common/lua/charged.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/message.hpp"
#include "common/lua/metatable.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

constexpr const char* kNative[] = {"assert", "error",  "ipairs", "next",     "pairs",    "rawequal", "rawget",
                                   "rawlen", "rawset", "select", "tonumber", "tostring", "type"};

// The end of pcall and xpcall. `kept` is how many of the stack's first values aren't results.
int results_of_call(lua_State* thread, int status, lua_KContext kept) {
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(thread) - static_cast<int>(kept);
  Machine::of(thread).watch().check(thread);  // a kill isn't for the script to catch
  lua_pushboolean(thread, 0);
  lua_pushvalue(thread, -2);
  return 2;
}

int protected_call(lua_State* thread) {
  luaL_checkany(thread, 1);
  lua_pushboolean(thread, 1);
  lua_insert(thread, 1);
  const int status = lua_pcallk(thread, lua_gettop(thread) - 2, LUA_MULTRET, 0, 0, results_of_call);
  return results_of_call(thread, status, 0);
}

// Upvalue: the script's handler, which a kill passes by.
int handle(lua_State* thread) {
  if (Machine::of(thread).watch().killed()) return 1;
  lua_pushvalue(thread, lua_upvalueindex(1));
  lua_insert(thread, 1);
  lua_call(thread, lua_gettop(thread) - 1, 1);
  return 1;
}

int handled_call(lua_State* thread) {
  constexpr int kKept = 2;  // the function and its handler
  luaL_checktype(thread, 2, LUA_TFUNCTION);
  const int arguments = lua_gettop(thread) - kKept;
  lua_pushvalue(thread, 2);
  lua_pushcclosure(thread, handle, 1);
  lua_replace(thread, 2);
  lua_pushboolean(thread, 1);
  lua_pushvalue(thread, 1);
  lua_rotate(thread, 3, 2);
  const int status = lua_pcallk(thread, arguments, LUA_MULTRET, 2, kKept, results_of_call);
  return results_of_call(thread, status, kKept);
}

int print(lua_State* thread) {
  std::string line;
  const int count = lua_gettop(thread);
  for (int index = 1; index <= count && line.size() <= kMaxMessageBytes; ++index) {
    std::size_t size = 0;
    const char* text = luaL_tolstring(thread, index, &size);
    if (index > 1) line += '\t';
    line += std::string_view(text, size).substr(0, kMaxMessageBytes + 1);
    lua_pop(thread, 1);
  }
  Machine::of(thread).setup().print(as_message(line));
  return 0;
}

}  // namespace

void open_base(lua_State* state) {
  open_native(state, luaopen_base);
  for (const char* name : kNative) {
    lua_getfield(state, -1, name);
    lua_setfield(state, -3, name);
  }
  lua_pop(state, 1);
  charge_all(state);
  set_charged(state, {{"print", print}});
  constexpr luaL_Reg kOwn[] = {{"pcall", protected_call},
                               {"xpcall", handled_call},
                               {"getmetatable", get_metatable},
                               {"setmetatable", set_metatable},
                               {nullptr, nullptr}};
  luaL_setfuncs(state, kOwn, 0);
}

}  // namespace fieldline::lua

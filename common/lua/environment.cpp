#include "common/lua/environment.hpp"

#include <lua.hpp>

#include "common/lua/charged.hpp"
#include "common/lua/host_functions.hpp"
#include "common/lua/read_only.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

void open_math(lua_State* state) {
  open_native(state, luaopen_math);
  charge_all(state);  // their numbers may come as strings of any length
}

void open_standard(lua_State* state) {
  struct {
    const char* name;
    void (*open)(lua_State*);
  } constexpr kTables[] = {{"coroutine", open_coroutine}, {"math", open_math},   {"os", open_os},
                           {"string", open_string},       {"table", open_table}, {"utf8", open_utf8}};
  open_base(state);
  for (const auto& table : kTables) {
    table.open(state);
    lua_setfield(state, -2, table.name);
  }
}

// Makes every table in the one on top of the stack read-only.
void close_tables(lua_State* state) {
  const int globals = lua_gettop(state);
  for (lua_pushnil(state); lua_next(state, globals) != 0; lua_settop(state, globals + 1)) {
    if (!lua_istable(state, -1)) continue;
    make_read_only(state, lua_tostring(state, -2));
    lua_pushvalue(state, -2);
    lua_insert(state, -2);
    lua_rawset(state, globals);
  }
}

}  // namespace

void open_environment(lua_State* state) {
  lua_newtable(state);
  open_standard(state);
  open_library(state);
  open_modules(state);
  close_tables(state);
  lua_pushvalue(state, -1);
  make_extendable(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, -3, "_G");
  lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pop(state, 1);
}

}  // namespace fieldline::lua

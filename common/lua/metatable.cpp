#include "common/lua/metatable.hpp"

#include <lua.hpp>

namespace fieldline::lua {
namespace {

constexpr const char* kMetamethods[] = {
    "__index", "__newindex", "__call",   "__tostring", "__name",  "__len",      "__eq",
    "__lt",    "__le",       "__concat", "__unm",      "__add",   "__sub",      "__mul",
    "__div",   "__idiv",     "__mod",    "__pow",      "__band",  "__bor",      "__bxor",
    "__shl",   "__shr",      "__bnot",   "__close",    "__pairs", "__metatable"};

const char kCopies = 0;    // its address keys the table of copies in the registry
const char kOriginal = 0;  // … and the script's metatable in its copy

// Pushes the table from a metatable's address to its copy. A copy keeps its metatable alive, so the
// address is never another's; the table doesn't keep the copies.
void push_copies(lua_State* thread) {
  if (lua_rawgetp(thread, LUA_REGISTRYINDEX, &kCopies) == LUA_TTABLE) return;
  lua_pop(thread, 1);
  lua_newtable(thread);
  lua_createtable(thread, 0, 1);
  lua_pushliteral(thread, "v");
  lua_setfield(thread, -2, "__mode");
  lua_setmetatable(thread, -2);
  lua_pushvalue(thread, -1);
  lua_rawsetp(thread, LUA_REGISTRYINDEX, &kCopies);
}

// Pushes the copy of the metatable at index 2.
void push_copy(lua_State* thread) {
  push_copies(thread);
  const void* address = lua_topointer(thread, 2);
  if (lua_rawgetp(thread, -1, address) != LUA_TTABLE) {
    lua_pop(thread, 1);
    lua_newtable(thread);
    lua_pushvalue(thread, 2);
    lua_rawsetp(thread, -2, &kOriginal);
    lua_pushvalue(thread, -1);
    lua_rawsetp(thread, -3, address);
  }
  lua_remove(thread, -2);
}

void refuse(lua_State* thread, const char* field) {
  lua_pushstring(thread, field);
  if (lua_rawget(thread, 2) != LUA_TNIL) luaL_error(thread, "%s isn't available to scripts", field);
  lua_pop(thread, 1);
}

bool is_protected(lua_State* thread) {
  return luaL_getmetafield(thread, 1, "__metatable") != LUA_TNIL;
}

}  // namespace

int set_metatable(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TTABLE);
  const int type = lua_type(thread, 2);
  luaL_argexpected(thread, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
  lua_settop(thread, 2);
  if (is_protected(thread)) return luaL_error(thread, "cannot change a protected metatable");
  if (type == LUA_TTABLE) {
    refuse(thread, "__gc");
    refuse(thread, "__mode");
    push_copy(thread);
    for (const char* name : kMetamethods) {
      lua_pushstring(thread, name);
      lua_pushvalue(thread, -1);
      lua_rawget(thread, 2);
      lua_rawset(thread, -3);
    }
  }
  lua_setmetatable(thread, 1);
  lua_settop(thread, 1);
  return 1;
}

int get_metatable(lua_State* thread) {
  luaL_checkany(thread, 1);
  lua_settop(thread, 1);
  if (is_protected(thread)) return 1;
  if (lua_getmetatable(thread, 1) != 0)
    lua_rawgetp(thread, -1, &kOriginal);
  else
    lua_pushnil(thread);
  return 1;
}

}  // namespace fieldline::lua

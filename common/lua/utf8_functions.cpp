#include <lua.hpp>

#include "common/lua/charged.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

// The longest sequence that utf8.codes knows has six bytes, five of them continuations.
constexpr int kMaxContinuations = 5;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// A step of utf8.codes. Upvalue: Lua's own, which would first walk any run of continuations.
int next_code(lua_State* thread) {
  const char* text = luaL_checkstring(thread, 1);  // ends with a zero, which is no continuation
  const auto position = static_cast<lua_Unsigned>(lua_tointeger(thread, 2));
  if (position > 0 && position < lua_rawlen(thread, 1)) {
    int continuations = 0;
    while (is_continuation(text[position + static_cast<lua_Unsigned>(continuations)])) {
      if (++continuations > kMaxContinuations) return luaL_error(thread, "invalid UTF-8 code");
    }
  }
  return lua_tocfunction(thread, lua_upvalueindex(1))(thread);
}

// Upvalue: Lua's own utf8.codes.
int codes(lua_State* thread) {
  const int results = lua_tocfunction(thread, lua_upvalueindex(1))(thread);
  lua_pushvalue(thread, -results);
  lua_pushcclosure(thread, next_code, 1);
  lua_replace(thread, -results - 1);
  return results;
}

}  // namespace

void open_utf8(lua_State* state) {
  open_native(state, luaopen_utf8);
  lua_getfield(state, -1, "codes");
  lua_pushcclosure(state, codes, 1);
  lua_insert(state, -2);
  charge_all(state);
  lua_insert(state, -2);
  lua_setfield(state, -2, "codes");
}

}  // namespace fieldline::lua

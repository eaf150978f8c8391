#include <algorithm>
#include <cstdint>
#include <cstring>
#include <lua.hpp>

#include "common/lua/charged.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

// Bytes of `count` pieces with separators between them; raises when they don't fit in a string.
std::size_t repeated_size(lua_State* thread, std::uint64_t count, std::size_t piece, std::size_t separator) {
  const std::size_t each = piece + separator;
  if (each == 0) return 0;
  if (count > kMaxBlockBytes / each + 1) luaL_error(thread, "resulting string too large");
  return count * each - separator;
}

// Lua's own turns an empty string as often as it is told to.
int repeat(lua_State* thread) {
  std::size_t piece_size = 0;
  std::size_t separator_size = 0;
  const char* piece = luaL_checklstring(thread, 1, &piece_size);
  const lua_Integer count = luaL_checkinteger(thread, 2);
  const char* separator = luaL_optlstring(thread, 3, "", &separator_size);
  const std::size_t size =
      count > 0 ? repeated_size(thread, static_cast<std::uint64_t>(count), piece_size, separator_size) : 0;
  luaL_Buffer result;
  char* const begin = luaL_buffinitsize(thread, &result, size);
  if (size > 0) {
    std::memcpy(begin, piece, piece_size);
    std::memcpy(begin + piece_size, separator, std::min(separator_size, size - piece_size));
  }
  for (std::size_t filled = piece_size + separator_size; filled < size;) {
    const std::size_t more = std::min(filled, size - filled);
    std::memcpy(begin + filled, begin, more);
    filled += more;
  }
  luaL_pushresultsize(&result, size);
  return 1;
}

// Strings share one metatable, which also turns "10" + 1 into numbers.
void guard_metatable(lua_State* state) {
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  charge_all(state);
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);
}

}  // namespace

void open_string(lua_State* state) {
  open_native(state, luaopen_string);
  lua_pushnil(state);
  lua_setfield(state, -2, "dump");
  charge_all(state);
  charge_in_part(state, {"byte", "sub", "unpack"});
  set_charged(state, {{"rep", repeat}});
  open_patterns(state);
  guard_metatable(state);
}

}  // namespace fieldline::lua

#include "common/lua/chunk.hpp"

#include <lua.hpp>

namespace fieldline::lua {

void load_chunk(lua_State* state, std::string_view source, const std::string& name) {
  const std::string chunk_name = "=" + name;  // "=": use as it is in messages
  const int status = luaL_loadbufferx(state, source.data(), source.size(), chunk_name.c_str(), "t");
  if (status != LUA_OK) lua_error(state);
}

}  // namespace fieldline::lua

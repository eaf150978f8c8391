// Lua source into a Lua state: text only, never bytecode.
#pragma once

#include <string>
#include <string_view>

struct lua_State;

namespace fieldline::lua {

// Pushes the compiled function; raises Lua's error, which begins with "<name>:<line>: ".
void load_chunk(lua_State* state, std::string_view source, const std::string& name);

}  // namespace fieldline::lua

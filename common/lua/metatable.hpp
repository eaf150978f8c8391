// setmetatable and getmetatable without finalizers and weak tables: Lua would run the one outside of
// any budget, and takes quadratic time over the other, uninterrupted, in a collection. A table gets a
// copy of the metamethods that its metatable has when setmetatable is called; so a field added to the
// metatable afterwards counts from the next setmetatable with it.
#pragma once

struct lua_State;

namespace fieldline::lua {

int set_metatable(lua_State* thread);
int get_metatable(lua_State* thread);

}  // namespace fieldline::lua

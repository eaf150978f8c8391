// Values between C++ and a Lua stack.
#pragma once

#include "common/lua/library.hpp"

struct lua_State;

namespace fieldline::lua {

// Raises for a string that is too long for a script, or for more than kMaxValues.
void push(lua_State* thread, const Values& values);
// The topmost `count` values, left where they are. Fails for more than kMaxValues and for what has no
// counterpart: "a table, where only …". Takes no memory of Lua's.
Result<Values> read(lua_State* thread, int count);

}  // namespace fieldline::lua

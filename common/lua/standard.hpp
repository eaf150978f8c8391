// The standard library as the sandbox has it. Each function here fills, or pushes, one table of it;
// none may run unbounded between two checks of the budget.
#pragma once

struct lua_State;

namespace fieldline::lua {

// Into the table on top of the stack, which then holds the globals of the sandbox.
void open_base(lua_State* state);

// Each pushes its table.
void open_coroutine(lua_State* state);
void open_os(lua_State* state);
void open_string(lua_State* state);
void open_table(lua_State* state);
void open_utf8(lua_State* state);

// string.find, match, gmatch and gsub, into the table on top of the stack.
void open_patterns(lua_State* state);
// string.gsub.
int substitute(lua_State* thread);
// table.sort.
int sort(lua_State* thread);

}  // namespace fieldline::lua

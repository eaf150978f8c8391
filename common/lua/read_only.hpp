// Tables of the sandbox that scripts may read and not change.
#pragma once

struct lua_State;

namespace fieldline::lua {

// Puts a read-only view in the place of the table on top of the stack; `name` is for the message.
void make_read_only(lua_State* state, const char* name);
// Puts a table in the place of the one on top of the stack which reads through to it, and takes
// assignments of other names only: the globals.
void make_extendable(lua_State* state);

}  // namespace fieldline::lua

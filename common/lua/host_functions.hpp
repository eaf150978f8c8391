// The host's functions and modules, as a script finds them among its globals.
#pragma once

struct lua_State;

namespace fieldline::lua {

// Into the table on top of the stack, the globals of the sandbox: the functions of the machine's
// library.
void open_library(lua_State* state);
// Likewise the table `shared`, whose members run the source of a module when they are first read.
void open_modules(lua_State* state);

}  // namespace fieldline::lua

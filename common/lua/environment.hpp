// What a script finds as its globals. The names of the sandbox are read-only to it; those that it
// assigns itself are its own. Missing on purpose: io, os but for two functions, package, debug, load,
// dofile, require, collectgarbage, string.dump, weak tables and finalizers.
#pragma once

struct lua_State;

namespace fieldline::lua {

// Makes them the globals of `state`, with the functions of its machine's library.
void open_environment(lua_State* state);

}  // namespace fieldline::lua

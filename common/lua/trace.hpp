// Where a Lua thread is: read from its stack without taking memory from its heap, so also after the
// heap is exhausted. The thread's own strand.
#pragma once

#include <string>

struct lua_State;

namespace fieldline::lua {

// The innermost Lua code, "Start:12"; empty when there is none.
std::string position(lua_State* thread);
// The innermost calls, one a line: "Start:12: in function 'fill'".
std::string traceback(lua_State* thread);

}  // namespace fieldline::lua

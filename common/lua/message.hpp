// Lua's error messages as Fieldline's errors. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

struct lua_State;

namespace fieldline::lua {

// The error object at `index` as text of at most kMaxMessageBytes; runs no metamethod, takes no memory of
// Lua's.
std::string message_at(lua_State* thread, int index);
// "Start:12: too deep" → where "Start:12", message "too deep"; `where` is for a message without position.
Error lua_error_of(std::string_view message, std::string where);

}  // namespace fieldline::lua

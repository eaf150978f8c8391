// Lua's error messages as Fieldline's errors. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.hpp"

struct lua_State;

namespace fieldline::lua {

// `bytes` as UTF-8 of at most kMaxMessageBytes; where they aren't UTF-8, with a ? for each byte past ASCII.
std::string as_message(std::string_view bytes);
// The error object at `index` as such a message; runs no metamethod, takes no memory of
// Lua's.
std::string message_at(lua_State* thread, int index);
// "Start:12: too deep" → where "Start:12", message "too deep"; `where` is for a message without position.
Error lua_error_of(std::string_view message, std::string where);

}  // namespace fieldline::lua

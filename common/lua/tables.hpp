// Tables between C++ and a Lua stack, as JSON. A table whose keys are 1 to n is a list, every other one an
// object with keys that are texts; so is an empty one. JSON's null is nil.
#pragma once

#include "common/base/result.hpp"
#include "common/model/json.hpp"

struct lua_State;

namespace fieldline::lua {

// Raises for a string that is too long for a script, and for nesting beyond kMaxTableDepth.
void push_json(lua_State* thread, const Json& json);
// The topmost `count` values as one list, left where they are; kInvalid for what JSON does not have, for
// other keys, and past the limits. Runs no metamethod.
Result<Json> read_json(lua_State* thread, int count);

}  // namespace fieldline::lua

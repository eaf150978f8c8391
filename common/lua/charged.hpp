// C functions of the sandbox, charged for what they read and return: a count of Lua's instructions
// alone would give a call of string.upper on a megabyte the weight of one.
#pragma once

#include <initializer_list>

struct lua_State;

namespace fieldline::lua {

struct Charged {
  const char* name;
  int (*function)(lua_State*);
  // The first argument whose bytes are charged; 2 where the subject is read in part only.
  int first = 1;
};

// Into the table on top of the stack.
void set_charged(lua_State* state, std::initializer_list<Charged> functions);
// Charges every C function that the table on top of the stack holds, but those with upvalues.
void charge_all(lua_State* state);
// Charges these of them from their second argument on instead.
void charge_in_part(lua_State* state, std::initializer_list<const char*> names);

// Pushes what Lua's own opener of a library returns.
void open_native(lua_State* state, int (*opener)(lua_State*));

}  // namespace fieldline::lua

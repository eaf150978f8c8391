#include "common/lua/host_functions.hpp"

#include <algorithm>
#include <exception>
#include <lua.hpp>
#include <string>
#include <utility>

#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/tables.hpp"
#include "common/lua/values.hpp"

namespace fieldline::lua {
namespace {

// Raises `error` at the line of the call.
void raise(lua_State* thread, const Error& error) {
  luaL_where(thread, 1);
  lua_pushlstring(thread, error.message.data(), std::min(error.message.size(), kMaxMessageBytes));
  lua_concat(thread, 2);
  lua_error(thread);
}

int push_answer(lua_State* thread, const Result<Reply>& answer) {
  if (!answer) raise(thread, answer.error());
  lua_settop(thread, 0);
  if (const auto* json = std::get_if<Json>(&*answer)) {
    push_json(thread, *json);
  } else {
    push(thread, std::get<Values>(*answer));
  }
  return lua_gettop(thread);
}

Values arguments_of(lua_State* thread) {
  auto arguments = read(thread, lua_gettop(thread));
  if (!arguments) luaL_error(thread, "bad argument: %s", arguments.error().message.c_str());
  return std::move(*arguments);
}

Json json_arguments_of(lua_State* thread) {
  auto arguments = read_json(thread, lua_gettop(thread));
  if (!arguments) luaL_error(thread, "bad argument: %s", arguments.error().message.c_str());
  charge(thread, arguments->size());
  return std::move(*arguments);
}

// Lua would take any exception that passes through it for an error of its own.
template <class Function, class Arguments>
auto call(const Function& function, Arguments arguments) -> decltype(function(Arguments())) {
  try {
    return function(std::move(arguments));
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kInternal, std::string("the host failed: ") + exception.what());
  }
}

// Behind the wait.
int answered(lua_State* thread, int /*status*/, lua_KContext /*context*/) {
  auto answer = std::exchange(Machine::of(thread).answer, std::nullopt);
  if (!answer) return luaL_error(thread, "the run that waited for this was given up");
  return push_answer(thread, *answer);
}

int call_immediate(lua_State* thread, const Immediate& function) {
  const auto answer = call(function, arguments_of(thread));
  Machine::of(thread).watch().check(thread);
  return push_answer(thread, answer);
}

void refuse_where_nothing_waits(lua_State* thread, const Machine& machine, const char* name) {
  if (lua_isyieldable(thread) == 0 || machine.barriers > 0) {
    luaL_error(thread,
               "%s waits, which can't be done from here (a comparator, a replacement function, "
               "a metamethod or a module's top level)",
               name);
  }
}

int call_awaiting(lua_State* thread, const Awaiting& function, const char* name) {
  Machine& machine = Machine::of(thread);
  refuse_where_nothing_waits(thread, machine, name);
  const auto answer = call(function, arguments_of(thread));
  machine.watch().check(thread);
  if (!answer) raise(thread, answer.error());
  if (const auto* request = std::get_if<Request>(&*answer)) {
    machine.pending = *request;
    return lua_yieldk(thread, 0, 0, answered);
  }
  return push_answer(thread, std::get<Values>(*answer));
}

int call_asking(lua_State* thread, const Asking& function, const char* name) {
  Machine& machine = Machine::of(thread);
  refuse_where_nothing_waits(thread, machine, name);
  const auto answer = call(function, json_arguments_of(thread));
  machine.watch().check(thread);
  if (!answer) raise(thread, answer.error());
  machine.pending = *answer;
  return lua_yieldk(thread, 0, 0, answered);
}

// Upvalue: the library's entry, which its machine keeps.
int call_host(lua_State* thread) {
  using Entry = std::pair<const std::string, Library::Function>;
  const auto& [name, function] = *static_cast<const Entry*>(lua_touserdata(thread, lua_upvalueindex(1)));
  if (const auto* immediate = std::get_if<Immediate>(&function)) return call_immediate(thread, *immediate);
  if (const auto* asking = std::get_if<Asking>(&function)) return call_asking(thread, *asking, name.c_str());
  return call_awaiting(thread, std::get<Awaiting>(function), name.c_str());
}

// Pushes the member `name` of the table at `globals`, made when it isn't there.
void push_table(lua_State* state, int globals, const std::string& name) {
  if (lua_getfield(state, globals, name.c_str()) == LUA_TTABLE) return;
  lua_pop(state, 1);
  lua_newtable(state);
  lua_pushvalue(state, -1);
  lua_setfield(state, globals, name.c_str());
}

}  // namespace

void open_library(lua_State* state) {
  const int globals = lua_gettop(state);
  for (const auto& entry : Machine::of(state).setup().library->functions()) {
    const std::string& name = entry.first;
    const auto dot = name.find('.');
    if (dot == std::string::npos)
      lua_pushvalue(state, globals);
    else
      push_table(state, globals, name.substr(0, dot));
    lua_pushlightuserdata(state, const_cast<void*>(static_cast<const void*>(&entry)));
    lua_pushcclosure(state, call_host, 1);
    lua_setfield(state, -2, name.c_str() + (dot == std::string::npos ? 0 : dot + 1));
    lua_settop(state, globals);
  }
}

}  // namespace fieldline::lua

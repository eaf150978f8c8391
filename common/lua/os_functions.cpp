#include <chrono>
#include <lua.hpp>

#include "common/lua/machine.hpp"
#include "common/lua/standard.hpp"

// Two functions, of the injected clock. os.date is left out: it reads the machine's time zone.
namespace fieldline::lua {
namespace {

// Seconds of UTC. Without arguments only: a broken-down time would need a time zone.
int time(lua_State* thread) {
  if (lua_gettop(thread) > 0) return luaL_error(thread, "os.time takes no arguments here");
  const Timestamp now = Machine::of(thread).setup().clock.utc();
  lua_pushinteger(thread, std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  return 1;
}

// Seconds that the run has executed.
int clock(lua_State* thread) {
  const Duration executed = Machine::of(thread).watch().time();
  lua_pushnumber(thread, std::chrono::duration<double>(executed).count());
  return 1;
}

}  // namespace

void open_os(lua_State* state) {
  constexpr luaL_Reg kFunctions[] = {{"time", time}, {"clock", clock}, {nullptr, nullptr}};
  luaL_newlib(state, kFunctions);
}

}  // namespace fieldline::lua

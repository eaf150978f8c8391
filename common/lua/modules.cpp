#include <lua.hpp>
#include <set>
#include <string>
#include <utility>

#include "common/lua/chunk.hpp"
#include "common/lua/host_functions.hpp"
#include "common/lua/machine.hpp"

namespace fieldline::lua {
namespace {

// A module whose source is running.
class Loading {
 public:
  Loading(std::set<std::string>& names, std::string name)
      : names_(names), at_(names.insert(std::move(name)).first) {}
  ~Loading() { names_.erase(at_); }
  Loading(const Loading&) = delete;
  Loading& operator=(const Loading&) = delete;

 private:
  std::set<std::string>& names_;
  std::set<std::string>::iterator at_;
};

// shared.<name>, read for the first time. Arguments: the table of the loaded modules, the name.
int load_module(lua_State* thread) {
  const std::string name = luaL_checkstring(thread, 2);
  Machine& machine = Machine::of(thread);
  const auto& modules = machine.setup().program.modules;
  const auto module = modules.find(name);
  if (module == modules.end()) return luaL_error(thread, "no shared script is named '%s'", name.c_str());
  if (machine.loading.contains(name))
    return luaL_error(thread, "shared.%s needs itself to load", name.c_str());
  const Loading loading(machine.loading, name);
  load_chunk(thread, *module->second, "shared." + name);
  lua_call(thread, 0, 1);
  if (lua_isnil(thread, -1)) return luaL_error(thread, "shared.%s returns nothing", name.c_str());
  lua_pushvalue(thread, -1);
  lua_setfield(thread, 1, name.c_str());
  return 1;
}

}  // namespace

void open_modules(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, load_module);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
  lua_setfield(state, -2, "shared");
}

}  // namespace fieldline::lua

#include <lua.hpp>
#include <memory>
#include <string>

#include "common/base/check.hpp"
#include "common/base/time.hpp"
#include "common/lua/api.hpp"
#include "common/lua/globals.hpp"
#include "common/lua/machine.hpp"

namespace fieldline::lua {
namespace {

std::shared_ptr<const Library> api_library() {
  auto library = std::make_shared<Library>();
  for (const auto& function : kApi) {
    library->immediate(std::string(function.name), [](const Values&) { return Values(); });
  }
  return library;
}

// Looks into a sandbox that is made for it.
std::set<std::string, std::less<>> read_names() {
  const SystemClock clock;
  const Setup setup{Program(), api_library(), clock, [](std::string_view) {}};
  const auto machine = Machine::build(setup);
  FIELDLINE_CHECK(machine.has_value());
  lua_State* thread = (*machine)->run();
  lua_pushglobaltable(thread);  // empty: it reads through to what the script can't assign
  FIELDLINE_CHECK(luaL_getmetafield(thread, -1, "__index") == LUA_TTABLE);
  std::set<std::string, std::less<>> names;
  for (lua_pushnil(thread); lua_next(thread, -2) != 0; lua_pop(thread, 1)) {
    if (lua_type(thread, -2) == LUA_TSTRING) names.emplace(lua_tostring(thread, -2));
  }
  return names;
}

}  // namespace

const std::set<std::string, std::less<>>& sandbox_names() {
  static const auto names = read_names();
  return names;
}

}  // namespace fieldline::lua

#include "common/lua/trace.hpp"

#include <fmt/core.h>

#include <lua.hpp>

#include "common/lua/limits.hpp"

namespace fieldline::lua {
namespace {

std::string place(const lua_Debug& call) {
  return fmt::format("{}:{}", call.short_src, call.currentline);
}

bool is_lua(const lua_Debug& call) {
  return *call.what != 'C';
}

std::string describe(const lua_Debug& call) {
  if (!is_lua(call)) return fmt::format("in the function '{}'", call.name);
  if (*call.what == 'm') return fmt::format("{}: in the main chunk", place(call));
  if (call.name == nullptr)
    return fmt::format("{}: in the function of line {}", place(call), call.linedefined);
  return fmt::format("{}: in {} '{}'", place(call), call.namewhat, call.name);
}

}  // namespace

std::string position(lua_State* thread) {
  lua_Debug call;
  for (int level = 0; lua_getstack(thread, level, &call) != 0; ++level) {
    lua_getinfo(thread, "Sl", &call);
    if (is_lua(call)) return place(call);
  }
  return {};
}

std::string traceback(lua_State* thread) {
  std::string lines;
  lua_Debug call;
  for (int level = 0; lua_getstack(thread, level, &call) != 0; ++level) {
    if (level == kMaxTraceLevels) return lines + "...";
    lua_getinfo(thread, "nSl", &call);
    if (is_lua(call) || call.name != nullptr) lines += describe(call) + "\n";
  }
  if (!lines.empty()) lines.pop_back();
  return lines;
}

}  // namespace fieldline::lua

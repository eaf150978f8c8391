#include "common/lua/values.hpp"

#include <fmt/core.h>

#include <lua.hpp>
#include <utility>

#include "common/base/utf8.hpp"
#include "common/lua/limits.hpp"

namespace fieldline::lua {
namespace {

// Lua's header of a string comes on top.
constexpr std::size_t kMaxStringBytes = kMaxBlockBytes - 64;

struct Pusher {
  lua_State* thread;

  void operator()(std::monostate) const { lua_pushnil(thread); }
  void operator()(bool value) const { lua_pushboolean(thread, value ? 1 : 0); }
  void operator()(std::int64_t value) const { lua_pushinteger(thread, value); }
  void operator()(double value) const { lua_pushnumber(thread, value); }
  void operator()(Timestamp value) const { (*this)(format_rfc3339(value)); }
  void operator()(const std::string& value) const {
    if (value.size() > kMaxStringBytes) {
      luaL_error(thread, "a string of %d KiB is too long for a script",
                 static_cast<int>(value.size() / 1024));
    }
    lua_pushlstring(thread, value.data(), value.size());
  }
};

Result<Value> read_at(lua_State* thread, int index) {
  switch (lua_type(thread, index)) {
    case LUA_TNIL:
      return Value();
    case LUA_TBOOLEAN:
      return Value(lua_toboolean(thread, index) != 0);
    case LUA_TNUMBER:
      if (lua_isinteger(thread, index) != 0) return Value(std::int64_t{lua_tointeger(thread, index)});
      return Value(double{lua_tonumber(thread, index)});
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(thread, index, &size);
      if (!is_utf8({text, size})) return fail(ErrorCode::kInvalid, "a string that isn't UTF-8");
      return Value(std::string(text, size));
    }
    default:
      return fail(ErrorCode::kInvalid,
                  fmt::format("a {}, where only nil, booleans, numbers and strings can pass",
                              luaL_typename(thread, index)));
  }
}

}  // namespace

void push(lua_State* thread, const Values& values) {
  if (values.size() > kMaxValues) luaL_error(thread, "more than %d values", static_cast<int>(kMaxValues));
  luaL_checkstack(thread, static_cast<int>(values.size()), nullptr);
  for (const Value& value : values) std::visit(Pusher{thread}, value);
}

Result<Values> read(lua_State* thread, int count) {
  if (count > static_cast<int>(kMaxValues)) {
    return fail(ErrorCode::kInvalid, fmt::format("{} values, where at most {} can pass", count, kMaxValues));
  }
  Values values;
  values.reserve(static_cast<std::size_t>(count));
  for (int index = -count; index < 0; ++index) {
    auto value = read_at(thread, index);
    if (!value) return fail(std::move(value.error()));
    values.push_back(std::move(*value));
  }
  return values;
}

}  // namespace fieldline::lua

#include <limits>
#include <lua.hpp>

#include "common/lua/charged.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/standard.hpp"

// Lua's own walk any range they are given, 2^63 elements with the right metamethods, without a check
// of the budget. These charge every element.
namespace fieldline::lua {
namespace {

constexpr std::uint64_t kElementSteps = 2;
constexpr lua_Integer kLast = std::numeric_limits<lua_Integer>::max();

lua_Integer checked_length(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TTABLE);
  return luaL_len(thread, 1);
}

void copy(lua_State* thread, int from, lua_Integer from_key, int to, lua_Integer to_key) {
  charge(thread, kElementSteps);
  lua_geti(thread, from, from_key);
  lua_seti(thread, to, to_key);
}

int concat(lua_State* thread) {
  const lua_Integer length = checked_length(thread);
  std::size_t separator_size = 0;
  const char* separator = luaL_optlstring(thread, 2, "", &separator_size);
  const lua_Integer first = luaL_optinteger(thread, 3, 1);
  const lua_Integer last = luaL_optinteger(thread, 4, length);
  luaL_Buffer result;
  luaL_buffinit(thread, &result);
  for (lua_Integer key = first; key <= last; ++key) {
    charge(thread, kElementSteps + separator_size / kBytesPerStep);
    lua_geti(thread, 1, key);
    if (lua_isstring(thread, -1) == 0) {
      return luaL_error(thread, "invalid value (at index %I) in table for 'concat'", key);
    }
    luaL_addvalue(&result);
    if (key == last) break;
    luaL_addlstring(&result, separator, separator_size);
  }
  luaL_pushresult(&result);
  return 1;
}

// Is `position` in 1 … `end`? In unsigned numbers, as a __len may answer anything.
bool within(lua_Integer position, lua_Integer end) {
  return static_cast<lua_Unsigned>(position) - 1 < static_cast<lua_Unsigned>(end);
}

lua_Integer next_after(lua_Integer length) {
  return static_cast<lua_Integer>(static_cast<lua_Unsigned>(length) + 1);
}

int insert(lua_State* thread) {
  const lua_Integer end = next_after(checked_length(thread));
  const int arguments = lua_gettop(thread);
  if (arguments != 2 && arguments != 3) return luaL_error(thread, "wrong number of arguments to 'insert'");
  const lua_Integer position = arguments == 2 ? end : luaL_checkinteger(thread, 2);
  luaL_argcheck(thread, arguments == 2 || within(position, end), 2, "position out of bounds");
  for (lua_Integer key = end; key > position; --key) copy(thread, 1, key - 1, 1, key);
  lua_seti(thread, 1, position);
  return 0;
}

int remove(lua_State* thread) {
  const lua_Integer length = checked_length(thread);
  const lua_Integer position = luaL_optinteger(thread, 2, length);
  luaL_argcheck(thread, position == length || within(position, next_after(length)), 2,
                "position out of bounds");
  lua_geti(thread, 1, position);
  lua_Integer key = position;
  for (; key < length; ++key) copy(thread, 1, key + 1, 1, key);
  lua_pushnil(thread);
  lua_seti(thread, 1, key);
  return 1;
}

int move(lua_State* thread) {
  const lua_Integer first = luaL_checkinteger(thread, 2);
  const lua_Integer last = luaL_checkinteger(thread, 3);
  const lua_Integer to = luaL_checkinteger(thread, 4);
  const int target = lua_isnoneornil(thread, 5) ? 1 : 5;
  luaL_checktype(thread, 1, LUA_TTABLE);
  luaL_checktype(thread, target, LUA_TTABLE);
  lua_settop(thread, 5);
  if (last >= first) {
    luaL_argcheck(thread, first > 0 || last < kLast + first, 3, "too many elements to move");
    const lua_Integer span = last - first;
    luaL_argcheck(thread, to <= kLast - span, 4, "destination wrap around");
    const bool overlaps = to > first && to <= last && lua_rawequal(thread, 1, target) != 0;
    for (lua_Integer done = 0; done <= span; ++done) {
      const lua_Integer offset = overlaps ? span - done : done;
      copy(thread, 1, first + offset, target, to + offset);
    }
  }
  lua_pushvalue(thread, target);
  return 1;
}

int unpack(lua_State* thread) {
  const lua_Integer first = luaL_optinteger(thread, 2, 1);
  const lua_Integer last = lua_isnoneornil(thread, 3) ? luaL_len(thread, 1) : luaL_checkinteger(thread, 3);
  if (first > last) return 0;
  const auto span = static_cast<lua_Unsigned>(last) - static_cast<lua_Unsigned>(first);
  if (span >= kMaxUnpacked) return luaL_error(thread, "too many results to unpack");
  const int count = static_cast<int>(span) + 1;
  luaL_checkstack(thread, count, nullptr);
  for (int done = 0; done < count; ++done) {
    charge(thread, kElementSteps);
    lua_geti(thread, 1, first + done);
  }
  return count;
}

}  // namespace

void open_table(lua_State* state) {
  open_native(state, luaopen_table);
  charge_all(state);  // `pack` stays
  set_charged(state, {{"concat", concat},
                      {"insert", insert},
                      {"move", move},
                      {"remove", remove},
                      {"sort", sort},
                      {"unpack", unpack}});
}

}  // namespace fieldline::lua

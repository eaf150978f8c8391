#include <lua.hpp>

#include "common/lua/machine.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

// A comparison with the reads and the write that go with it.
constexpr std::uint64_t kCompareSteps = 8;
constexpr lua_Integer kMaxElements = 1 << 30;

// Heapsort (Williams, Floyd 1964): in place, and never more than 2 n log n comparisons, whatever the
// comparator answers. Lua's quicksort can be led into quadratic time by a lying one.
class Heapsort {
 public:
  Heapsort(lua_State* thread, lua_Integer size) : thread_(thread), size_(size) {}

  void run() {
    for (lua_Integer root = size_ / 2; root >= 1; --root) {
      lua_geti(thread_, 1, root);
      sift(root);
    }
    while (size_ > 1) {
      lua_geti(thread_, 1, size_);
      lua_geti(thread_, 1, 1);
      lua_seti(thread_, 1, size_);
      --size_;
      sift(1);
    }
  }

 private:
  // Puts the value on top of the stack into the hole at `hole`, or lower.
  void sift(lua_Integer hole) {
    const int value = lua_gettop(thread_);
    for (lua_Integer child = 2 * hole; child <= size_; child = 2 * hole) {
      lua_geti(thread_, 1, child);
      if (child < size_) child += prefer_next(child);
      if (!less(value, value + 1)) {
        lua_pop(thread_, 1);
        break;
      }
      lua_seti(thread_, 1, hole);
      hole = child;
    }
    lua_seti(thread_, 1, hole);
  }

  // 1, and the child after `child` on top of the stack instead of it, when that one is greater.
  lua_Integer prefer_next(lua_Integer child) {
    lua_geti(thread_, 1, child + 1);
    const bool next = less(lua_gettop(thread_) - 1, lua_gettop(thread_));
    if (next)
      lua_replace(thread_, -2);
    else
      lua_pop(thread_, 1);
    return next ? 1 : 0;
  }

  bool less(int left, int right) {
    charge(thread_, kCompareSteps);
    if (lua_isnil(thread_, 2)) return lua_compare(thread_, left, right, LUA_OPLT) != 0;
    lua_pushvalue(thread_, 2);
    lua_pushvalue(thread_, left);
    lua_pushvalue(thread_, right);
    lua_call(thread_, 2, 1);
    const bool answer = lua_toboolean(thread_, -1) != 0;
    lua_pop(thread_, 1);
    return answer;
  }

  lua_State* thread_;
  lua_Integer size_;
};

}  // namespace

int sort(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TTABLE);
  const lua_Integer size = luaL_len(thread, 1);
  luaL_argcheck(thread, size < kMaxElements, 1, "array too big");
  if (!lua_isnoneornil(thread, 2)) luaL_checktype(thread, 2, LUA_TFUNCTION);
  lua_settop(thread, 2);
  Heapsort(thread, size).run();
  return 0;
}

}  // namespace fieldline::lua

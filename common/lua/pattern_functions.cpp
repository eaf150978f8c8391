#include <cstring>
#include <lua.hpp>
#include <type_traits>

#include "common/lua/charged.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/search.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

static_assert(std::is_trivially_copyable_v<PatternItem>);

constexpr std::string_view kSpecials = "^$*+?.([%-";

// A start position as string.find takes it, from 1 or from the end, as an offset.
std::size_t offset_at(lua_State* thread, int index, std::size_t size) {
  const lua_Integer position = luaL_optinteger(thread, index, 1);
  if (position > 0) return static_cast<std::size_t>(position) - 1;
  const auto from_end = std::size_t{0} - static_cast<std::size_t>(position);
  return position == 0 || from_end > size ? 0 : size - from_end;
}

int push_span(lua_State* thread, std::size_t begin, std::size_t end) {
  lua_pushinteger(thread, static_cast<lua_Integer>(begin) + 1);
  lua_pushinteger(thread, static_cast<lua_Integer>(end));
  return 2;
}

// glibc's memmem takes linear time (Crochemore, Perrin 1991).
int find_plain(lua_State* thread, std::string_view subject, std::string_view text, std::size_t begin) {
  const std::string_view rest = subject.substr(begin);
  charge(thread, rest.size() / kBytesPerStep);
  const void* found = ::memmem(rest.data(), rest.size(), text.data(), text.size());
  if (found == nullptr) return luaL_pushfail(thread), 1;
  const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - subject.data());
  return push_span(thread, at, at + text.size());
}

// Looks for the pattern at index 2 and pushes what `found` does, or nil.
template <class Found>
int search(lua_State* thread, std::size_t begin, Found found) {
  const std::string_view subject = text_at(thread, 1);
  std::string_view text = text_at(thread, 2);
  const bool anchored = text.starts_with('^');
  if (anchored) text.remove_prefix(1);
  const Pattern pattern = compiled(thread, text);
  Search search(thread, subject, pattern.items, pattern.captures);
  if (anchored ? search.match(begin) : search.find(begin)) return found(search);
  luaL_pushfail(thread);
  return 1;
}

int find(lua_State* thread) {
  const std::string_view subject = text_at(thread, 1);
  const std::string_view text = text_at(thread, 2);
  const std::size_t begin = offset_at(thread, 3, subject.size());
  if (begin > subject.size()) return luaL_pushfail(thread), 1;
  const bool plain = lua_toboolean(thread, 4) != 0 || text.find_first_of(kSpecials) == std::string_view::npos;
  if (plain) return find_plain(thread, subject, text, begin);
  return search(thread, begin, [thread](const Search& found) {
    return push_span(thread, found.begin(), found.end()) + found.push_captures();
  });
}

int match(lua_State* thread) {
  const std::size_t size = text_at(thread, 1).size();
  const std::size_t begin = offset_at(thread, 3, size);
  if (begin > size) return luaL_pushfail(thread), 1;
  return search(thread, begin, [](const Search& found) { return found.push_match(); });
}

// One step of gmatch's loop. Upvalues: the subject, the pattern's items, the number of its captures,
// where to look next, the end of the latest match (-1: none), which can't be that of the next too.
int next_match(lua_State* thread) {
  const std::string_view subject = text_at(thread, lua_upvalueindex(1));
  const auto* items = static_cast<const PatternItem*>(lua_touserdata(thread, lua_upvalueindex(2)));
  const auto count = lua_rawlen(thread, lua_upvalueindex(2)) / sizeof(PatternItem);
  const auto captures = static_cast<std::size_t>(lua_tointeger(thread, lua_upvalueindex(3)));
  auto begin = static_cast<std::size_t>(lua_tointeger(thread, lua_upvalueindex(4)));
  const lua_Integer latest = lua_tointeger(thread, lua_upvalueindex(5));
  Search search(thread, subject, {items, count}, captures);
  for (; begin <= subject.size(); ++begin) {
    if (!search.match(begin)) continue;
    const auto end = static_cast<lua_Integer>(search.end());
    if (end == latest) continue;
    lua_pushinteger(thread, end);
    lua_pushvalue(thread, -1);
    lua_replace(thread, lua_upvalueindex(4));
    lua_replace(thread, lua_upvalueindex(5));
    return search.push_match();
  }
  return 0;
}

int gmatch(lua_State* thread) {
  const std::size_t begin = offset_at(thread, 3, text_at(thread, 1).size());
  const Pattern pattern = compiled(thread, text_at(thread, 2));
  lua_pushvalue(thread, 1);
  const std::size_t size = pattern.items.size() * sizeof(PatternItem);
  void* items = lua_newuserdatauv(thread, size, 0);
  if (size > 0) std::memcpy(items, pattern.items.data(), size);
  lua_pushinteger(thread, static_cast<lua_Integer>(pattern.captures));
  lua_pushinteger(thread, static_cast<lua_Integer>(begin));
  lua_pushinteger(thread, -1);
  lua_pushcclosure(thread, next_match, 5);
  return 1;
}

}  // namespace

void open_patterns(lua_State* state) {
  set_charged(state,
              {{"find", find, 2}, {"match", match, 2}, {"gmatch", gmatch, 2}, {"gsub", substitute, 2}});
}

}  // namespace fieldline::lua

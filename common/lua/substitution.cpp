#include <algorithm>
#include <cctype>
#include <lua.hpp>
#include <optional>

#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/search.hpp"
#include "common/lua/standard.hpp"

namespace fieldline::lua {
namespace {

constexpr int kReplacement = 3;  // its index among the arguments

void add(luaL_Buffer& result, std::string_view text) {
  luaL_addlstring(&result, text.data(), text.size());
}

void check_replacement(lua_State* thread) {
  const int type = lua_type(thread, kReplacement);
  const bool good = type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE;
  luaL_argexpected(thread, good, kReplacement, "string/function/table");
}

// What stands behind a % in the replacement: a %, 0 for the match, or a capture from 1 on.
void add_escape(lua_State* thread, luaL_Buffer& result, const Search& found, char escape) {
  if (escape == '%') return luaL_addchar(&result, '%'), void();
  if (escape == '0') return add(result, found.whole());
  if (std::isdigit(static_cast<unsigned char>(escape)) == 0) {
    luaL_error(thread, "invalid use of '%%' in replacement string");
  }
  const auto number = static_cast<std::size_t>(escape - '1');
  if (number >= std::max<std::size_t>(found.captures(), 1)) {
    luaL_error(thread, "invalid capture index %%%d in replacement string", static_cast<int>(number) + 1);
  }
  found.push_capture(number);
  luaL_tolstring(thread, -1, nullptr);  // a position capture is a number
  lua_remove(thread, -2);
  luaL_addvalue(&result);
}

void add_template(lua_State* thread, luaL_Buffer& result, const Search& found) {
  std::string_view text = text_at(thread, kReplacement);
  charge(thread, text.size() / kBytesPerStep);
  for (std::size_t escape = text.find('%'); escape != std::string_view::npos; escape = text.find('%')) {
    add(result, text.substr(0, escape));
    add_escape(thread, result, found, escape + 1 < text.size() ? text[escape + 1] : '\0');
    text.remove_prefix(escape + 2);
  }
  add(result, text);
}

// Pushes what the function or table makes of the match.
void push_replacement(lua_State* thread, const Search& found) {
  if (lua_type(thread, kReplacement) == LUA_TTABLE) {
    found.push_capture(0);
    lua_gettable(thread, kReplacement);
  } else {
    lua_pushvalue(thread, kReplacement);
    const int captures = found.push_match();
    lua_call(thread, captures, 1);
  }
}

void add_replacement(lua_State* thread, luaL_Buffer& result, const Search& found) {
  const int type = lua_type(thread, kReplacement);
  if (type == LUA_TSTRING || type == LUA_TNUMBER) return add_template(thread, result, found);
  push_replacement(thread, found);
  if (lua_toboolean(thread, -1) == 0) {
    lua_pop(thread, 1);
    add(result, found.whole());
  } else if (lua_isstring(thread, -1) == 0) {
    luaL_error(thread, "invalid replacement value (a %s)", luaL_typename(thread, -1));
  } else {
    luaL_addvalue(&result);
  }
}

}  // namespace

int substitute(lua_State* thread) {
  const std::string_view subject = text_at(thread, 1);
  std::string_view text = text_at(thread, 2);
  check_replacement(thread);
  const lua_Integer most = luaL_optinteger(thread, 4, static_cast<lua_Integer>(subject.size()) + 1);
  const bool anchored = text.starts_with('^');
  if (anchored) text.remove_prefix(1);
  const Pattern pattern = compiled(thread, text);
  Search search(thread, subject, pattern.items, pattern.captures);
  luaL_Buffer result;
  luaL_buffinit(thread, &result);
  lua_Integer count = 0;
  std::size_t begin = 0;
  for (std::optional<std::size_t> latest; count < most;) {
    if (search.match(begin) && search.end() != latest) {
      ++count;
      add_replacement(thread, result, search);
      begin = search.end();
      latest = begin;
    } else if (begin < subject.size()) {
      luaL_addchar(&result, subject[begin++]);
    } else {
      break;
    }
    if (anchored) break;
  }
  add(result, subject.substr(begin));
  luaL_pushresult(&result);
  lua_pushinteger(thread, count);
  return 2;
}

}  // namespace fieldline::lua

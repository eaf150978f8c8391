#include "common/lua/search.hpp"

#include <algorithm>
#include <lua.hpp>
#include <utility>

#include "common/lua/machine.hpp"

namespace fieldline::lua {

std::string_view text_at(lua_State* thread, int index) {
  std::size_t size = 0;
  const char* text = luaL_checklstring(thread, index, &size);
  return {text, size};
}

Pattern compiled(lua_State* thread, std::string_view text) {
  auto pattern = compile_pattern(text);
  if (!pattern) luaL_error(thread, "%s", pattern.error().message.c_str());
  return std::move(*pattern);
}

Search::Search(lua_State* thread, std::string_view subject, std::span<const PatternItem> items,
               std::size_t captures)
    : thread_(thread),
      subject_(subject),
      captures_(captures),
      matcher_(subject, items, [thread](std::uint64_t steps) { charge(thread, steps); }) {}

bool Search::match(std::size_t begin) {
  const auto end = matcher_.match(begin);
  if (matcher_.too_complex()) luaL_error(thread_, "pattern too complex");
  begin_ = begin;
  end_ = end.value_or(begin);
  return end.has_value();
}

bool Search::find(std::size_t begin) {
  for (; begin <= subject_.size(); ++begin) {
    if (match(begin)) return true;
  }
  return false;
}

void Search::push_capture(std::size_t number) const {
  if (captures_ == 0) {
    push(whole());
  } else if (const Capture& capture = matcher_.capture(number); capture.is_position) {
    lua_pushinteger(thread_, static_cast<lua_Integer>(capture.begin) + 1);
  } else {
    push(subject_.substr(capture.begin, capture.size));
  }
}

int Search::push_captures() const {
  return push_first(captures_);
}

int Search::push_match() const {
  return push_first(std::max<std::size_t>(captures_, 1));
}

int Search::push_first(std::size_t count) const {
  luaL_checkstack(thread_, static_cast<int>(count), "too many captures");
  for (std::size_t number = 0; number < count; ++number) push_capture(number);
  return static_cast<int>(count);
}

void Search::push(std::string_view text) const {
  lua_pushlstring(thread_, text.data(), text.size());
}

}  // namespace fieldline::lua

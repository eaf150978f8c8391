#include "common/lua/tables.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdint>
#include <lua.hpp>
#include <string>
#include <utility>

#include "common/base/utf8.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/machine.hpp"
#include "common/lua/values.hpp"

namespace fieldline::lua {
namespace {

// A level holds a table, a key and a value at once.
constexpr int kSlotsOfALevel = 4;

void push_node(lua_State* thread, const Json& json, int depth);

void push_list(lua_State* thread, const Json& json, int depth) {
  lua_newtable(thread);
  lua_Integer index = 0;
  for (const auto& item : json) {
    push_node(thread, item, depth + 1);
    lua_rawseti(thread, -2, ++index);
  }
}

void push_object(lua_State* thread, const Json& json, int depth) {
  lua_newtable(thread);
  for (const auto& [key, item] : json.items()) {
    push(thread, {key});
    push_node(thread, item, depth + 1);
    lua_rawset(thread, -3);
  }
}

void push_node(lua_State* thread, const Json& json, int depth) {
  if (depth > kMaxTableDepth) luaL_error(thread, "tables nested more than %d deep", kMaxTableDepth);
  luaL_checkstack(thread, kSlotsOfALevel, nullptr);
  charge(thread, 1);
  switch (json.type()) {
    case Json::value_t::boolean:
      return push(thread, {json.get<bool>()});
    case Json::value_t::number_integer:
      return push(thread, {json.get<std::int64_t>()});
    case Json::value_t::number_unsigned:
      if (std::in_range<std::int64_t>(json.get<std::uint64_t>())) {
        return push(thread, {json.get<std::int64_t>()});
      }
      return push(thread, {json.get<double>()});
    case Json::value_t::number_float:
      return push(thread, {json.get<double>()});
    case Json::value_t::string:
      charge(thread, json.get_ref<const std::string&>().size() / kBytesPerStep);
      return push(thread, {json.get_ref<const std::string&>()});
    case Json::value_t::array:
      return push_list(thread, json, depth);
    case Json::value_t::object:
      return push_object(thread, json, depth);
    default:
      lua_pushnil(thread);
  }
}

// Reads one argument after the other out of one allowance.
class Reader {
 public:
  explicit Reader(lua_State* thread) : thread_(thread) {}

  Result<Json> read_node(int index, int depth) {
    if (++items_ > kMaxTableItems) return refuse("more than {} values", kMaxTableItems);
    switch (lua_type(thread_, index)) {
      case LUA_TNIL:
        return Json();
      case LUA_TBOOLEAN:
        return Json(lua_toboolean(thread_, index) != 0);
      case LUA_TNUMBER:
        return read_number(index);
      case LUA_TSTRING: {
        auto text = read_text(index);
        if (!text) return fail(std::move(text.error()));
        return Json(std::move(*text));
      }
      case LUA_TTABLE:
        if (depth > kMaxTableDepth) return refuse("tables nested more than {} deep", kMaxTableDepth);
        if (lua_checkstack(thread_, kSlotsOfALevel) == 0) return refuse("a stack with no room for more");
        return read_table(lua_absindex(thread_, index), depth);
      default:
        return refuse("a {}, where only nil, booleans, numbers, strings and tables can pass",
                      luaL_typename(thread_, index));
    }
  }

 private:
  template <class... T>
  static Failure refuse(fmt::format_string<T...> text, T&&... arguments) {
    return fail(ErrorCode::kInvalid, fmt::format(text, std::forward<T>(arguments)...));
  }

  Result<Json> read_number(int index) const {
    if (lua_isinteger(thread_, index) != 0) return Json(std::int64_t{lua_tointeger(thread_, index)});
    const double number = lua_tonumber(thread_, index);
    if (!std::isfinite(number)) return refuse("a number that is not finite");
    return Json(number);
  }

  Result<std::string> read_text(int index) {
    std::size_t size = 0;
    const char* text = lua_tolstring(thread_, index, &size);
    if (!is_utf8({text, size})) return refuse("a string that isn't UTF-8");
    bytes_ += size;
    if (bytes_ > kMaxBlockBytes) return refuse("more than {} KiB of text", kMaxBlockBytes / 1024);
    return std::string(text, size);
  }

  Result<Json> read_table(int table, int depth) {
    const bool is_list = lua_rawlen(thread_, table) > 0;
    auto json = is_list ? Json::array() : Json::object();
    std::uint64_t expected = lua_rawlen(thread_, table);
    if (is_list) {
      if (expected > kMaxTableItems) return refuse("more than {} values", kMaxTableItems);
      json.get_ref<Json::array_t&>().resize(expected);
    }
    lua_pushnil(thread_);
    while (lua_next(thread_, table) != 0) {
      auto item = read_node(-1, depth + 1);
      auto placed = item ? place(json, std::move(*item)) : fail(std::move(item.error()));
      if (!placed) {
        lua_pop(thread_, 2);
        return fail(std::move(placed.error()));
      }
      lua_pop(thread_, 1);
      if (is_list) --expected;
    }
    if (is_list && expected != 0) return refuse("a list with gaps");
    return json;
  }

  // Under the key below the top.
  Result<> place(Json& json, Json item) {
    if (json.is_array()) {
      const auto index = lua_isinteger(thread_, -2) != 0 ? lua_tointeger(thread_, -2) : 0;
      if (index < 1 || std::cmp_greater(index, json.size())) {
        return refuse("a table with keys 1 to n and others");
      }
      json[static_cast<std::size_t>(index) - 1] = std::move(item);
      return {};
    }
    if (lua_type(thread_, -2) != LUA_TSTRING) return refuse("a key that is neither a text nor one of 1 to n");
    auto key = read_text(-2);
    if (!key) return fail(std::move(key.error()));
    json[std::move(*key)] = std::move(item);
    return {};
  }

  lua_State* const thread_;
  std::size_t items_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

void push_json(lua_State* thread, const Json& json) {
  push_node(thread, json, 0);
}

Result<Json> read_json(lua_State* thread, int count) {
  if (count > static_cast<int>(kMaxValues)) {
    return fail(ErrorCode::kInvalid, fmt::format("{} values, where at most {} can pass", count, kMaxValues));
  }
  Reader reader(thread);
  auto list = Json::array();
  const int first = lua_gettop(thread) - count + 1;
  for (int index = first; index < first + count; ++index) {
    auto value = reader.read_node(index, 1);
    if (!value) return fail(std::move(value.error()));
    list.push_back(std::move(*value));
  }
  return list;
}

}  // namespace fieldline::lua

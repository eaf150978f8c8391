#include "common/lua/message.hpp"

#include <fmt/core.h>
#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include <lua.hpp>

#include "common/base/utf8.hpp"
#include "common/lua/limits.hpp"

namespace fieldline::lua {
namespace {

constexpr std::string_view kEnd = ": ";

bool is_line(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// The length of a "chunk:12" in front of `message`.
std::optional<std::size_t> position_length(std::string_view message) {
  const std::size_t end = message.find(kEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view place = message.substr(0, end);
  const std::size_t colon = place.rfind(':');
  if (colon == std::string_view::npos || !is_line(place.substr(colon + 1))) return std::nullopt;
  if (place.find_first_of(" \n") != std::string_view::npos) return std::nullopt;
  return end;
}

}  // namespace

std::string as_message(std::string_view bytes) {
  constexpr std::size_t kMostCut = 3;  // bytes of a character whose last one went
  std::string text(bytes.substr(0, kMaxMessageBytes));
  for (std::size_t cut = 0; cut <= std::min(kMostCut, text.size()); ++cut) {
    if (is_utf8(std::string_view(text).substr(0, text.size() - cut)))
      return text.substr(0, text.size() - cut);
    if (bytes.size() <= kMaxMessageBytes) break;
  }
  std::ranges::replace_if(
      text, [](unsigned char c) { return c >= 0x80; }, '?');
  return text;
}

std::string message_at(lua_State* thread, int index) {
  switch (lua_type(thread, index)) {
    case LUA_TSTRING: {
      std::size_t size = 0;
      const char* text = lua_tolstring(thread, index, &size);
      return as_message({text, size});
    }
    case LUA_TNUMBER:
      if (lua_isinteger(thread, index) != 0) return std::to_string(lua_tointeger(thread, index));
      return fmt::format("{}", lua_tonumber(thread, index));
    default:
      return fmt::format("raised a {} value instead of a message", luaL_typename(thread, index));
  }
}

Error lua_error_of(std::string_view message, std::string where) {
  if (const auto length = position_length(message)) {
    where = message.substr(0, *length);
    message.remove_prefix(*length + kEnd.size());
  }
  return Error{ErrorCode::kInvalid, std::string(message), std::move(where), {}};
}

}  // namespace fieldline::lua

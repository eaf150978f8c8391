#include "common/lua/compile.hpp"

#include <fmt/core.h>

#include <lua.hpp>
#include <memory>
#include <string>
#include <utility>

#include "common/lua/chunk.hpp"
#include "common/lua/heap.hpp"
#include "common/lua/limits.hpp"
#include "common/lua/message.hpp"

namespace fieldline::lua {
namespace {

// Stands for the chunk's name, which Lua would cut at 59 bytes.
constexpr std::string_view kName = "chunk";

int load(lua_State* state) {
  load_chunk(state, *static_cast<const std::string_view*>(lua_touserdata(state, 1)), std::string(kName));
  return 0;
}

}  // namespace

Result<void> compile(std::string_view source, std::string_view chunk_name) {
  if (source.size() > kMaxSourceBytes) {
    return fail(ErrorCode::kTooLarge,
                fmt::format("the source has {} bytes; at most {} are taken", source.size(), kMaxSourceBytes),
                std::string(chunk_name));
  }
  Heap heap(kMaxCompileBytes);
  const std::unique_ptr<lua_State, decltype(&lua_close)> state(lua_newstate(Heap::allocate, &heap),
                                                               lua_close);
  if (!state) return fail(ErrorCode::kExhausted, "no memory is left to compile it", std::string(chunk_name));
  lua_pushcfunction(state.get(), load);
  lua_pushlightuserdata(state.get(), &source);
  if (lua_pcall(state.get(), 1, 0, 0) == LUA_OK) return {};
  Error error = lua_error_of(message_at(state.get(), -1), std::string(kName));
  error.where.replace(0, kName.size(), chunk_name);
  return fail(std::move(error));
}

}  // namespace fieldline::lua

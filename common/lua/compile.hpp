// The check of a script's syntax, as the Template Engine makes it. Nothing of the source runs.
// Refuses bytecode and sources over kMaxSourceBytes. Any thread.
#pragma once

#include <string_view>

#include "common/base/result.hpp"

namespace fieldline::lua {

// Error.where is the chunk and the line, "Start:12"; Error.message is what Lua says about it.
Result<void> compile(std::string_view source, std::string_view chunk_name);

}  // namespace fieldline::lua

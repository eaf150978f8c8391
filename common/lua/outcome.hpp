// How a run of a script, or a piece of it, came out.
#pragma once

#include <string>
#include <variant>

#include "common/base/result.hpp"
#include "common/lua/library.hpp"

namespace fieldline::lua {

// The script returned.
struct Done {
  Values values;
};

// The run waits for the host's answer: Script::resume.
struct Waiting {
  Request request{};
};

enum class FailureKind {
  kError,   // a Lua error that nothing caught
  kTime,    // over the budget's time or instructions
  kMemory,  // over the budget's memory, or one block over kMaxBlockBytes
};

// "error", "time", "memory".
std::string_view name(FailureKind kind);

struct Failed {
  FailureKind kind = FailureKind::kError;
  Error error;            // where: "Start:12"
  std::string traceback;  // the innermost calls, one a line
};

using Outcome = std::variant<Done, Waiting, Failed>;

}  // namespace fieldline::lua

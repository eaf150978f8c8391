// Misspelt globals: read and never set, set and never read, or the sandbox's own. Any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fieldline::lua {

enum class GlobalFault {
  kUnknown,    // read; the sandbox does not have it, and the source does not assign it
  kNeverRead,  // assigned by the source, which does not read it
  kReadOnly,   // assigned, but the sandbox's own
};

struct GlobalProblem {
  GlobalFault fault = GlobalFault::kUnknown;
  std::string name;
  int line = 0;  // from 1, the first of its kind

  friend bool operator==(const GlobalProblem&, const GlobalProblem&) = default;
};

// Each name once, in order of name. Nothing is unknown or never read in a source that mentions _G or
// _ENV, for it may reach globals by computed names; nothing at all is said of what does not compile.
std::vector<GlobalProblem> global_problems(std::string_view source);

// The globals that every script finds, with those of kApi: as the sandbox itself has them.
const std::set<std::string, std::less<>>& sandbox_names();

}  // namespace fieldline::lua

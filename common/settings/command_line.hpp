// The command line that every daemon has, made from its table of settings. Flags go before the file,
// the file before the defaults; every fault in both is reported together.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>

#include "common/base/result.hpp"
#include "common/settings/option.hpp"

namespace fieldline::settings {

struct Program {
  std::string name;          // "fieldline-agent"
  std::string purpose;       // one line for --help
  std::string version;       // "0.1.0"
  std::string default_file;  // read when it is there and no --config names another
};

inline constexpr int kExitRefused = 2;      // the daemon does not start with these settings
inline constexpr int kExitCheckFailed = 1;  // --check found faults

// Assigns the options. Empty: go on and run; else the code to exit with, all being said on the streams.
// `check_whole` runs when each option by itself is right.
std::optional<int> apply_command_line(const Program& program, std::span<const Option> options,
                                      const std::function<Result<>()>& check_whole, int argc,
                                      const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace fieldline::settings

// One setting without its type: what the file, the flags, the help and the sample need of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace fieldline::settings {

struct Option {
  std::string key;                    // "listen.http": a path in the file, and its flag with "--" before it
  std::string help;                   // one sentence
  std::string kind;                   // "integer, 1 to 64"
  std::vector<std::string> defaults;  // empty: none
  bool list = false;
  bool required = false;  // one of file and flags must give it
  // Takes one text, or those of a list.
  std::function<Result<>(const std::vector<std::string>&)> assign;
};

}  // namespace fieldline::settings

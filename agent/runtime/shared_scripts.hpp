// The shared scripts of a site, all of which compile, and which of them name each other. Never changes.
// Any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.hpp"
#include "common/lua/script.hpp"

namespace fieldline::runtime {

class SharedScripts {
 public:
  SharedScripts() = default;  // none
  // kInvalid, with a finding "lua-syntax" for each that is not Lua: "shared-scripts/filters:12". Takes
  // milliseconds for each: for a worker.
  static Result<SharedScripts> compile(lua::Modules sources);

  // Those among `artifacts` ("shared-scripts/filters"; other kinds are passed over), and those that they
  // name in turn. kNotFound, with a finding "artifact-absent" for each that is not here.
  [[nodiscard]] Result<lua::Modules> needed_by(const std::vector<std::string>& artifacts) const;

 private:
  lua::Modules sources_;
  std::map<std::string, std::vector<std::string>> named_;  // by each, as far as it does literally
};

}  // namespace fieldline::runtime

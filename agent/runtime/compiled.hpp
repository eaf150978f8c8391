// A configuration that was checked and whose scripts compile: the only thing that can be swapped in.
// A plain value, cheap to copy. `compile` takes milliseconds: for a worker.
#pragma once

#include <memory>
#include <utility>

#include "common/base/result.hpp"
#include "common/lua/script.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class Compiled {
 public:
  // kInvalid: the configuration breaks a rule, or has a finding "lua-syntax" for each
  // script that is not Lua ("scripts/Control:12"). kTooLarge: over a limit of this room.
  // `modules` are the shared scripts that it needs; they compile.
  static Result<Compiled> compile(FlatConfig config, lua::Modules modules = {});
  // The same with other shared scripts.
  [[nodiscard]] Compiled with(lua::Modules modules) const;

  [[nodiscard]] const FlatConfig& config() const { return *config_; }
  [[nodiscard]] const lua::Modules& modules() const { return *modules_; }

 private:
  Compiled(std::shared_ptr<const FlatConfig> config, lua::Modules modules)
      : config_(std::move(config)), modules_(std::make_shared<const lua::Modules>(std::move(modules))) {}

  std::shared_ptr<const FlatConfig> config_;
  std::shared_ptr<const lua::Modules> modules_;
};

}  // namespace fieldline::runtime

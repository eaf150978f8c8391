// A configuration that was checked and whose scripts compile: the only thing that can be swapped in.
// A plain value, cheap to copy. `compile` takes milliseconds: for a worker.
#pragma once

#include <memory>

#include "common/base/result.hpp"
#include "common/model/flat_config.hpp"

namespace fieldline::runtime {

class Compiled {
 public:
  // kInvalid: the configuration breaks a rule, or has a finding "lua-syntax" for each
  // script that is not Lua ("scripts/Control:12"). kTooLarge: over a limit of this room.
  static Result<Compiled> compile(FlatConfig config);

  [[nodiscard]] const FlatConfig& config() const { return *config_; }

 private:
  explicit Compiled(std::shared_ptr<const FlatConfig> config) : config_(std::move(config)) {}

  std::shared_ptr<const FlatConfig> config_;
};

}  // namespace fieldline::runtime

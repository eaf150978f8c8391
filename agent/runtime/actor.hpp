// An instance and its strand, as the runtime holds them: everything done with the instance is posted
// to the strand. The runtime's loop.
#pragma once

#include <memory>

#include "agent/runtime/instance.hpp"
#include "common/base/executor.hpp"

namespace fieldline::runtime {

struct Actor {
  std::unique_ptr<Executor> strand;
  std::unique_ptr<Instance> instance;  // touched on the strand only, but for its address
  bool retiring = false;               // its strand drops the instance; post nothing more
};

}  // namespace fieldline::runtime

// Where instances run: each on a strand of its own. Any thread.
#pragma once

#include <memory>

#include "common/base/executor.hpp"
#include "common/base/virtual_time.hpp"

namespace fieldline::runtime {

class Strands {
 public:
  virtual ~Strands() = default;
  // Outlived by this. Destroy it when nobody posts to it any more; what still waits then never runs.
  virtual std::unique_ptr<Executor> make() = 0;
};

// Strands of a virtual world.
class VirtualStrands final : public Strands {
 public:
  explicit VirtualStrands(VirtualTime& world) : world_(world) {}
  std::unique_ptr<Executor> make() override { return world_.executor(); }

 private:
  VirtualTime& world_;
};

}  // namespace fieldline::runtime

// Where instances run: each on a strand of its own, all strands on a few threads. Any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/executor.hpp"
#include "common/base/virtual_time.hpp"

namespace fieldline::runtime {

class Strands {
 public:
  virtual ~Strands() = default;
  // Outlived by this. Destroy it when nothing runs on it and nobody posts to it any more; what is
  // still queued then never runs.
  virtual std::unique_ptr<Executor> make() = 0;
};

// Strands of a thread pool. The destructor finishes the tasks that run, drops those that wait, and joins.
class ThreadStrands final : public Strands {
 public:
  explicit ThreadStrands(std::size_t threads);
  ~ThreadStrands() override;
  std::unique_ptr<Executor> make() override;
  // Ends as the destructor does: from here on nothing runs. Idempotent.
  void join();

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
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

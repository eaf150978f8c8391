// Strands on a few threads: many instances share them, none runs on two at once. Any thread.
#pragma once

#include <cstddef>
#include <memory>

#include "agent/runtime/strands.hpp"

namespace fieldline::runtime {

class ThreadStrands final : public Strands {
 public:
  explicit ThreadStrands(std::size_t threads);
  ~ThreadStrands() override;
  std::unique_ptr<Executor> make() override;
  // Lets the tasks that run end; from then on nothing runs. Idempotent; the destructor does it too.
  void join();

 private:
  class Pool;
  std::unique_ptr<Pool> pool_;
};

}  // namespace fieldline::runtime

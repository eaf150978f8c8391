// Numbers of orders. They rise over the whole plant, restarts included, because the coordinator's
// term, which is durable, makes their upper half; so they rise for each instance, and for artifacts. A plain
// value.
#pragma once

#include <cstdint>

namespace fieldline::sites {

class OrderNumbers {
 public:
  explicit OrderNumbers(std::uint64_t term) : last_(term << 32) {}
  std::uint64_t next() { return ++last_; }

 private:
  std::uint64_t last_;
};

}  // namespace fieldline::sites

// The end that accepts subscribers and sends each of them the same. Who reads too slowly misses messages,
// and nobody is told: what must not be missed is numbered and asked for elsewhere. Lives on one executor.
#pragma once

#include "common/net/frames.hpp"

namespace fieldline::net {

class Publisher {
 public:
  virtual ~Publisher() = default;

  // Never blocks, never refuses.
  virtual void publish(Frames&& frames) = 0;
};

}  // namespace fieldline::net

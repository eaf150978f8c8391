// Keeps callers without a credential from filling the log: few of their refusals are recorded, the
// others counted. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "common/base/time.hpp"
#include "coordinator/audit/limits.hpp"

namespace fieldline::audit {

class Strangers {
 public:
  explicit Strangers(const Clock& clock) : clock_(clock), filled_(clock.now()) {}

  // One more was refused. Empty: it is only counted; else it is to be recorded, with how many were
  // counted since the last one.
  [[nodiscard]] std::optional<std::uint64_t> refused();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::size_t left_ = kStrangersAtOnce;
  Instant filled_;
  std::uint64_t counted_ = 0;
};

}  // namespace fieldline::audit

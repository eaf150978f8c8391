#include "coordinator/audit/strangers.hpp"

#include <algorithm>
#include <utility>

namespace fieldline::audit {

std::optional<std::uint64_t> Strangers::refused() {
  const std::lock_guard lock(mutex_);
  const auto fills = (clock_.now() - filled_) / Duration(kPerStranger);
  filled_ += fills * Duration(kPerStranger);
  left_ = std::min<std::size_t>(kStrangersAtOnce, left_ + static_cast<std::size_t>(fills));
  if (left_ == 0) {
    ++counted_;
    return std::nullopt;
  }
  --left_;
  return std::exchange(counted_, 0);
}

}  // namespace fieldline::audit

#include "agent/runtime/course.hpp"

#include <algorithm>

#include "agent/runtime/limits.hpp"

namespace fieldline::runtime {
namespace {

bool differs(const AlarmRate& rate, double least, double greatest, double present) {
  const bool rose = present - least > rate.change;
  const bool fell = greatest - present > rate.change;
  switch (rate.direction) {
    case RateDirection::kEither:
      return rose || fell;
    case RateDirection::kFalling:
      return fell;
    case RateDirection::kRising:
      return rose;
  }
  return false;
}

}  // namespace

void Course::take(double value, Instant now, Duration within) {
  if (present_ && *present_ != value) leave(*present_, now, within);
  present_ = value;
}

void Course::leave(double value, Instant now, Duration within) {
  std::erase_if(past_, [&](const Stretch& stretch) { return stretch.last + within <= now; });
  const auto part = std::max(within / kCourseParts, Duration(1));
  if (past_.empty() || now - past_.back().first >= part) {
    past_.push_back({now, now, value, value});
    return;
  }
  auto& latest = past_.back();
  latest.last = now;
  latest.least = std::min(latest.least, value);
  latest.greatest = std::max(latest.greatest, value);
}

void Course::forget() {
  present_.reset();
  past_.clear();
}

std::optional<Instant> Course::exceeds_until(const AlarmRate& rate) const {
  const auto latest = std::find_if(past_.rbegin(), past_.rend(), [&](const Stretch& stretch) {
    return differs(rate, stretch.least, stretch.greatest, *present_);
  });
  if (latest == past_.rend()) return std::nullopt;
  return latest->last + rate.within;
}

}  // namespace fieldline::runtime
